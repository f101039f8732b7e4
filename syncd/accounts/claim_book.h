// SPDX-License-Identifier: LGPL-2.1-or-later
// What the engine's containers are, as sites: whose claim each is, or why it is none. One that changes costs its own
// judgement, whatever the number of the others. Pure.
#pragma once

#include "docker/watcher.h"
#include "site/site.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heberg::syncd {

// By site; of one site's claims the one that speaks for it comes first: the oldest of those that the engine could be
// asked about.
using ordered_claims = std::vector<const site::claim*>;
[[nodiscard]] bool comes_before(const site::claim& a, const site::claim& b);
[[nodiscard]] ordered_claims put_in_order(const std::vector<site::claim>& claims);  // lives as long as they do

class claim_book {
 public:
  explicit claim_book(site::classifier classifier) : classifier_(std::move(classifier)) {}

  void take(const docker::containers& all);
  void take_changes(const docker::containers& all, const docker::container_ids& changed);

  [[nodiscard]] const ordered_claims& ordered() const { return ordered_; }
  [[nodiscard]] const site::claim* find(const std::string& container_id) const;
  [[nodiscard]] bool has(std::string_view site) const;
  // "container X" -> why it is no site's.
  [[nodiscard]] std::map<std::string, std::string> refused() const;

 private:
  void judge(const docker::container& container);
  void forget(const std::string& id);
  void enter(const site::claim& claim);

  site::classifier classifier_;
  std::map<std::string, site::claim> claims_;  // by container, as are
  std::map<std::string, site::refusal> refusals_;
  ordered_claims ordered_;  // into claims_
};

}  // namespace heberg::syncd
