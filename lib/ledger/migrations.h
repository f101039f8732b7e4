// SPDX-License-Identifier: LGPL-2.1-or-later
// The steps that make an empty database the present one: step n takes user_version n to n + 1. Compiled in from the
// .sql files.
#pragma once

#include <span>
#include <string_view>

namespace heberg::ledger {

[[nodiscard]] std::span<const std::string_view> migrations() noexcept;

}  // namespace heberg::ledger
