// SPDX-License-Identifier: LGPL-2.1-or-later
// The modules' lookups: one account, by name or by id; one account's shadow entry. Each call opens the file, checks it,
// reads and closes: no descriptor, mapping, lock or memory outlives it, so it is safe with threads, fork and
// closefrom(3), and sees a newly published file at once. errno may change; it means something only with
// status::missing.
#pragma once

#include "directory/entry.h"
#include "directory/lookup.h"
#include "directory/open_file.h"
#include "directory/status.h"

#include <cstdint>
#include <string_view>

namespace heberg::directory {

// found (out points into buffer), not_found, missing, untrusted or damaged. A name or id that no site can have is not
// found, and no file is opened.
[[nodiscard]] status find_account(const source& accounts, std::string_view name, record_buffer& buffer,
                                  account_entry& out) noexcept;
[[nodiscard]] status find_account(const source& accounts, std::uint32_t id, record_buffer& buffer,
                                  account_entry& out) noexcept;
[[nodiscard]] status find_shadow(const source& shadow, std::string_view name, record_buffer& buffer,
                                 shadow_entry& out) noexcept;

}  // namespace heberg::directory
