// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose each host name is. Pure. Rules:
//   The owner that is remembered keeps the name while one of its containers claims it.
//   When none does, nobody else gets it for `keep`; then it is forgotten.
//   A name that nobody is remembered for goes to the owner of the oldest container that claims it.
#pragma once

#include "proxy-render/candidate.h"
#include "proxy-render/memory.h"

#include <chrono>
#include <span>
#include <string>

namespace heberg::proxy {

// candidates: the oldest first. Afterwards each name that is claimed has an owner in the memory.
void settle_claims(memory& memory, std::span<const candidate> candidates, std::chrono::milliseconds keep,
                   std::chrono::sys_seconds now);

// Why another owner does not get the name.
[[nodiscard]] std::string explain_refusal(const name_claim& claim);

}  // namespace heberg::proxy
