// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose each host name is. Pure. Rules:
//   The owner that is remembered keeps the name while one of its containers claims it.
//   When none does, nobody else gets it for `keep`; then it is forgotten.
//   A name that nobody is remembered for goes to the owner of the oldest container that claims it.
#pragma once

#include "proxy-render/plan/memory.h"

#include <chrono>
#include <string>

namespace heberg::proxy {

// Nobody's, or its owner's that claims it now or did a while ago. Afterwards it is known since when its owner is gone;
// the claim of one that is gone for too long is forgotten.
void look_at_claim(memory& memory, const site::host& name, bool owner_claims_it, std::chrono::milliseconds keep,
                   std::chrono::sys_seconds now);

// A name that is nobody's is this owner's from now on.
void claim_name(memory& memory, const site::host& name, const std::string& owner);

[[nodiscard]] bool is_over(const host_ownership& claim, std::chrono::milliseconds keep, std::chrono::sys_seconds now);

// Why another owner does not get the name.
[[nodiscard]] std::string explain_refusal(const host_ownership& claim);

}  // namespace heberg::proxy
