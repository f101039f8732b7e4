// SPDX-License-Identifier: LGPL-2.1-or-later
// A lookup and an enumeration step, for any of glibc's structs: an entry point only names which.
#pragma once

#include "directory/cursor.h"
#include "directory/reader.h"
#include "fill.h"
#include "module.h"

#include <string_view>

// For a cursor: not in .bss, which would cost every process that loads the module a mapping of its own.
#define HEBERG_NSS_STATIC [[gnu::section(".data")]]

namespace heberg::nss {

// By name or by id, out of accounts.cdb.
template <typename key_type, typename out_type>
[[nodiscard]] nss_status look_up(key_type key, out_type* out, char* buffer, std::size_t size, int* errnop) noexcept {
  return answer(errnop, [&] {
    directory::record_buffer record;
    directory::account_entry entry;
    const status result = directory::find_account(accounts(), key, record, entry);
    if (result != status::found) return result;
    return fill(entry, *out, buffer, size) ? status::found : status::short_buffer;
  });
}

// The next entry; one that does not fit the buffer stays the next.
template <typename entry_type, typename out_type>
[[nodiscard]] nss_status next(directory::cursor& cursor, const directory::source& from, out_type* out, char* buffer,
                              std::size_t size, int* errnop) noexcept {
  return answer(errnop, [&] {
    entry_type entry;
    const status result = cursor.peek(from, entry);
    if (result != status::found) return result;
    if (!fill(entry, *out, buffer, size)) return status::short_buffer;
    cursor.advance();
    return status::found;
  });
}

}  // namespace heberg::nss
