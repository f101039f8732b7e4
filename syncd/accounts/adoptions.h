// SPDX-License-Identifier: LGPL-2.1-or-later
// Which site that is new to the ledger may take over the owner of its tree: the rule that brings accounts back as they
// were after the ledger was lost, and that takes over a running host. Pure.
//
// Root in a container may give the folder that it has mounted to any UID, another site's too. So a www folder's owner is
// believed only where its tree does not say otherwise and no other tree has as good a claim to it. A tree that syncd
// made bears a mark out of the container's reach: its top folder, root's, has the site's group.
#pragma once

#include "syncd/accounts/uid_pool.h"
#include "tree/owners.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace heberg::syncd {

class adoptions {
 public:
  adoptions(const tree::site_owners& trees, uid_range range);

  // Every UID that a tree names: not to be given to a site that is new.
  [[nodiscard]] uid_set seen() const;

  struct answer {
    std::optional<std::uint32_t> uid;  // to be taken over
    std::string why_not;               // where there is an owner in range that is not: a sentence for the log
  };
  [[nodiscard]] answer judge(const std::string& site);

 private:
  struct claimant {
    std::string site;
    bool is_marked = false;
  };

  [[nodiscard]] std::optional<std::uint32_t> mark_of(const tree::site_owner& tree) const;
  [[nodiscard]] const std::vector<claimant>& claimants_of(std::uint32_t uid);

  const tree::site_owners& trees_;
  uid_range range_;
  // Trees that do not contradict themselves, by owner of www. Found when first asked for: most new sites have no tree.
  std::optional<std::map<std::uint32_t, std::vector<claimant>>> claimants_;
};

}  // namespace heberg::syncd
