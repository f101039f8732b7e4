// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/network/address_quarantine.h"

#include <set>

namespace heberg::syncd {

void address_quarantine::hold_back(std::vector<network_member>& members, time now) {
  const auto is_watched = [](const docker::network& network) {
    return network.name == k_sites_network && !network.ipv4.empty();
  };
  const auto who_is = [](const network_member& member) {
    return member.site.empty() ? "container " + member.id : "site " + member.site;
  };
  std::set<std::pair<std::string, std::string>> kept;
  for (const auto& member : members) {
    for (const auto& network : member.networks) {
      const auto found = users_.find(std::pair(network.id, network.ipv4));
      if (is_watched(network) && found != users_.end() && found->second.who == who_is(member))
        kept.insert(found->first);
    }
  }
  for (auto& [key, last] : users_) {
    const bool has_it = kept.contains(key);
    if (last.has_it && !has_it) last.left = now;
    last.has_it = has_it;
  }
  std::erase_if(users_, [now](const auto& one) { return !one.second.has_it && now - one.second.left >= k_hold; });

  is_holding_ = false;
  for (auto& member : members) {
    std::erase_if(member.networks, [&](const docker::network& network) {
      if (!is_watched(network)) return false;
      const auto [found, is_free] =
          users_.try_emplace(std::pair(network.id, network.ipv4), user{.who = who_is(member)});
      const bool is_held = !is_free && found->second.who != who_is(member);
      is_holding_ = is_holding_ || is_held;
      return is_held;
    });
  }
}

}  // namespace heberg::syncd
