// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/claims.h"

namespace heberg::proxy {

bool is_over(const host_ownership& claim, std::chrono::milliseconds keep, std::chrono::sys_seconds now) {
  return claim.left && now - *claim.left >= keep;
}

void look_at_claim(memory& memory, const site::host& name, bool owner_claims_it, std::chrono::milliseconds keep,
                   std::chrono::sys_seconds now) {
  const auto known = memory.names.find(name);
  if (known == memory.names.end()) return;
  auto& claim = known->second;
  if (owner_claims_it == claim.left.has_value()) {
    claim.left = owner_claims_it ? std::nullopt : std::optional(now);
    write_ownership(name, claim);
    memory.changed = true;
  }
  if (!is_over(claim, keep, now)) return;
  memory.changed = true;
  memory.names.erase(known);
}

void claim_name(memory& memory, const site::host& name, const std::string& owner) {
  const auto [claim, is_new] = memory.names.try_emplace(name);
  if (!is_new) return;
  claim->second.owner = owner;
  claim->second.order = memory.next_order++;
  write_ownership(name, claim->second);
  memory.changed = true;
}

std::string explain_refusal(const host_ownership& claim) {
  const auto owner = site::printable(claim.owner);
  if (!claim.left) return "is claimed by " + owner + " already";
  return "is kept for " + owner + ", which had it last (heberg-proxy-render --forget gives it free)";
}

}  // namespace heberg::proxy
