// SPDX-License-Identifier: LGPL-2.1-or-later
// group: each site has a group of its own name and id, with no further members.
#include "calls.h"

namespace {
HEBERG_NSS_STATIC heberg::directory::cursor g_cursor;  // between setgrent and endgrent; glibc holds its lock
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(getgrnam_r)(const char* name, group* out, char* buffer, size_t size,
                                                    int* errnop) noexcept {
  return heberg::nss::look_up(std::string_view(name), out, buffer, size, errnop);
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(getgrgid_r)(gid_t gid, group* out, char* buffer, size_t size,
                                                    int* errnop) noexcept {
  return heberg::nss::look_up(gid, out, buffer, size, errnop);
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(setgrent)(int /*stayopen*/) noexcept {
  g_cursor.reset();
  return NSS_STATUS_SUCCESS;
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(getgrent_r)(group* out, char* buffer, size_t size, int* errnop) noexcept {
  return heberg::nss::next<heberg::directory::account_entry>(g_cursor, heberg::nss::accounts(), out, buffer, size,
                                                             errnop);
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(endgrent)() noexcept {
  g_cursor.reset();
  return NSS_STATUS_SUCCESS;
}
