// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/host_ownership.h"

namespace heberg::proxy {

bool is_expired(const host_ownership& ownership, std::chrono::milliseconds keep, std::chrono::sys_seconds now) {
  return ownership.left && now - *ownership.left >= keep;
}

void update_ownership(memory& memory, const site::host& name, bool is_requested, std::chrono::milliseconds keep,
                      std::chrono::sys_seconds now) {
  const auto known = memory.names.find(name);
  if (known == memory.names.end()) return;
  auto& ownership = known->second;
  if (is_requested == ownership.left.has_value()) {
    ownership.left = is_requested ? std::nullopt : std::optional(now);
    write_ownership(name, ownership);
    memory.changed = true;
  }
  if (!is_expired(ownership, keep, now)) return;
  memory.changed = true;
  memory.names.erase(known);
}

void take_ownership(memory& memory, const site::host& name, const std::string& owner) {
  const auto [ownership, is_new] = memory.names.try_emplace(name);
  if (!is_new) return;
  ownership->second.owner = owner;
  ownership->second.order = memory.next_order++;
  write_ownership(name, ownership->second);
  memory.changed = true;
}

void give_ownership(memory& memory, const site::host& name, const std::string& owner) {
  const auto known = memory.names.find(name);
  if (known == memory.names.end() || known->second.owner == owner) return;
  known->second.owner = owner;
  write_ownership(name, known->second);
  memory.changed = true;
}

void end_ownership(memory& memory, const site::host& name) {
  if (memory.names.erase(name) > 0) memory.changed = true;
}

std::string explain_refusal(const host_ownership& ownership) {
  const auto owner = site::printable(ownership.owner);
  if (!ownership.left) return "belongs to " + owner + " already";
  return "is reserved for " + owner + ", which had it last (heberg-proxy-render --forget releases it)";
}

}  // namespace heberg::proxy
