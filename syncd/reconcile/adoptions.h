// SPDX-License-Identifier: LGPL-2.1-or-later
// Which UID a site that is new to the ledger may adopt from its tree. This restores the accounts after the loss of the
// ledger, and takes over a running host. Pure.
//
// Root in a container can give the folder that it has mounted to any UID, also another site's. So the owner of a www
// folder is believed only where its tree agrees and no other tree has as good evidence for that UID. A tree that syncd
// made has a mark that the container cannot reach: its top folder belongs to root and has the site's group.
#pragma once

#include "syncd/reconcile/uid_pool.h"
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

  // Every UID that a tree has: never given to another new site.
  [[nodiscard]] uid_set seen() const;

  // Whether a tree has this UID that is neither the site's own nor what is left of it (tree::site_of_leftover()).
  [[nodiscard]] bool is_anothers(std::uint32_t uid, const std::string& site) const;

  struct adoption {
    std::optional<std::uint32_t> uid;  // to be adopted
    std::string why_not;               // where an owner in range is not adopted: a sentence for the log
  };
  [[nodiscard]] adoption find_uid(const std::string& site);

 private:
  struct owned_tree {
    std::string site;
    bool is_marked = false;
  };

  [[nodiscard]] std::optional<std::uint32_t> mark_of(const tree::site_owner& tree) const;
  [[nodiscard]] const std::vector<owned_tree>& trees_of(std::uint32_t uid);

  const tree::site_owners& trees_;
  uid_range range_;
  // Trees that do not contradict themselves, by owner of www. Made at the first use: most new sites have no tree.
  std::optional<std::map<std::uint32_t, std::vector<owned_tree>>> trees_by_uid_;
};

}  // namespace heberg::syncd
