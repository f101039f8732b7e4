// SPDX-License-Identifier: LGPL-2.1-or-later
// Entries of the directory as glibc's structs. All strings lie in the caller's buffer and none is NULL. Where the
// buffer is too small: false, and nothing is written, neither to it nor to out.
#pragma once

#include "directory/entry.h"

#include <grp.h>
#include <pwd.h>
#include <shadow.h>

#include <cstddef>

namespace heberg::nss {

[[nodiscard]] bool fill(const directory::account_entry& entry, passwd& out, char* buffer, std::size_t size) noexcept;
[[nodiscard]] bool fill(const directory::account_entry& entry, group& out, char* buffer, std::size_t size) noexcept;
[[nodiscard]] bool fill(const directory::shadow_entry& entry, spwd& out, char* buffer, std::size_t size) noexcept;

}  // namespace heberg::nss
