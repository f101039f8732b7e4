// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/host_ownership.h"

namespace heberg::proxy {

bool is_expired(const name_claim& claim, std::chrono::milliseconds keep, std::chrono::sys_seconds now) {
  return claim.left && now - *claim.left >= keep;
}

void update_ownership(memory& memory, const site::host& name, bool is_requested, std::chrono::milliseconds keep,
                      std::chrono::sys_seconds now) {
  const auto known = memory.names.find(name);
  if (known == memory.names.end()) return;
  auto& claim = known->second;
  if (is_requested == claim.left.has_value()) {
    claim.left = is_requested ? std::nullopt : std::optional(now);
    write_claim(name, claim);
    memory.changed = true;
  }
  if (!is_expired(claim, keep, now)) return;
  memory.changed = true;
  memory.names.erase(known);
}

void take_ownership(memory& memory, const site::host& name, const std::string& owner) {
  const auto [claim, is_new] = memory.names.try_emplace(name);
  if (!is_new) return;
  claim->second.owner = owner;
  claim->second.order = memory.next_order++;
  write_claim(name, claim->second);
  memory.changed = true;
}

std::string explain_refusal(const name_claim& claim) {
  const auto owner = site::printable(claim.owner);
  if (!claim.left) return "belongs to " + owner + " already";
  return "is reserved for " + owner + ", which had it last (heberg-proxy-render --forget releases it)";
}

}  // namespace heberg::proxy
