// SPDX-License-Identifier: LGPL-2.1-or-later
// shadow: for root (and group shadow) alone. The file's mode decides it: for anyone else it cannot be opened (UNAVAIL,
// EACCES).
#include "calls.h"

#include <string.h>

namespace {
HEBERG_NSS_STATIC heberg::directory::cursor g_cursor;  // between setspent and endspent; glibc holds its lock
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(getspnam_r)(const char* name, spwd* out, char* buffer, size_t size,
                                                    int* errnop) noexcept {
  return heberg::nss::answer(errnop, [&] {
    using heberg::directory::status;
    heberg::directory::record_buffer record;
    heberg::directory::shadow_entry entry;
    status result = heberg::directory::find_shadow(heberg::nss::shadow(), name, record, entry);
    if (result == status::found && !heberg::nss::fill(entry, *out, buffer, size)) result = status::short_buffer;
    ::explicit_bzero(&record, sizeof record);  // a hash does not stay on the host program's stack
    return result;
  });
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(setspent)(int /*stayopen*/) noexcept {
  g_cursor.reset();
  return NSS_STATUS_SUCCESS;
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(getspent_r)(spwd* out, char* buffer, size_t size, int* errnop) noexcept {
  return heberg::nss::next<heberg::directory::shadow_entry>(g_cursor, heberg::nss::shadow(), out, buffer, size, errnop);
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(endspent)() noexcept {
  g_cursor.reset();
  return NSS_STATUS_SUCCESS;
}
