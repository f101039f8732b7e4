// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/claims.h"

#include <set>
#include <utility>

namespace heberg::proxy {
namespace {

using claimed_names = std::set<std::pair<site::host, std::string>>;  // with the owner

// Whose owner is back, whose is gone, and which are up for grabs now.
void look_at_remembered(memory& memory, const claimed_names& claimed, std::chrono::milliseconds keep,
                        std::chrono::sys_seconds now) {
  for (auto at = memory.names.begin(); at != memory.names.end();) {
    auto& [host, claim] = *at;
    if (claimed.contains({host, claim.owner})) {
      if (claim.left) memory.changed = true;
      claim.left.reset();
    } else if (!claim.left) {
      memory.changed = true;
      claim.left = now;
    }
    if (claim.left && now - *claim.left >= keep) {
      memory.changed = true;
      at = memory.names.erase(at);
    } else {
      ++at;
    }
  }
}

}  // namespace

void settle_claims(memory& memory, std::span<const candidate> candidates, std::chrono::milliseconds keep,
                   std::chrono::sys_seconds now) {
  claimed_names claimed;
  for (const auto& from : candidates) {
    for (const auto& wish : from.wishes) claimed.emplace(wish.host, from.owner);
  }
  look_at_remembered(memory, claimed, keep, now);
  for (const auto& from : candidates) {
    for (const auto& wish : from.wishes) {
      const auto [at, is_new] = memory.names.try_emplace(wish.host);
      if (!is_new) continue;
      at->second = {.owner = from.owner, .order = memory.next_order++, .left = {}};
      memory.changed = true;
    }
  }
}

std::string explain_refusal(const name_claim& claim) {
  const auto owner = site::printable(claim.owner);
  if (!claim.left) return "is claimed by " + owner + " already";
  return "is kept for " + owner + ", which had it last (heberg-proxy-render --forget gives it free)";
}

}  // namespace heberg::proxy
