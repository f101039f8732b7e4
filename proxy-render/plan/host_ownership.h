// SPDX-License-Identifier: LGPL-2.1-or-later
// Which owner has a host name. Pure. Rules:
//   The owner on record keeps the name while one of its containers requests it.
//   When none requests it any more, no other owner gets the name for `keep`; then the record is removed.
//   A name without a record goes to the owner of the oldest container that requests it and may have it (host_claims.h).
//   A name that a container of no site had goes to another one of no site at once: a redeploy may change its name.
//   What the sysadmin gives to an owner (plan_options::host_owners) is that owner's at once.
#pragma once

#include "proxy-render/plan/memory.h"

#include <chrono>
#include <string>

namespace heberg::proxy {

// Brings the record of a name up to date, if there is one: since when no container of its owner requests the name. A
// record that has expired is removed.
void update_ownership(memory& memory, const site::host& name, bool is_requested, std::chrono::milliseconds keep,
                      std::chrono::sys_seconds now);

// Records this owner for a name that has none.
void take_ownership(memory& memory, const site::host& name, const std::string& owner);

// Gives a name that is on record to another owner; its place in the order stays.
void give_ownership(memory& memory, const site::host& name, const std::string& owner);

// Takes a name off the record.
void end_ownership(memory& memory, const site::host& name);

[[nodiscard]] bool is_expired(const host_ownership& ownership, std::chrono::milliseconds keep,
                              std::chrono::sys_seconds now);

// Why another owner does not get the name.
[[nodiscard]] std::string explain_refusal(const host_ownership& ownership);

}  // namespace heberg::proxy
