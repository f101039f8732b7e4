// SPDX-License-Identifier: LGPL-2.1-or-later
// passwd: by name, by id, enumeration.
#include "calls.h"

namespace {
HEBERG_NSS_STATIC heberg::directory::cursor g_cursor;  // between setpwent and endpwent; glibc holds its lock
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(getpwnam_r)(const char* name, passwd* out, char* buffer, size_t size,
                                                    int* errnop) noexcept {
  return heberg::nss::look_up(std::string_view(name), out, buffer, size, errnop);
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(getpwuid_r)(uid_t uid, passwd* out, char* buffer, size_t size,
                                                    int* errnop) noexcept {
  return heberg::nss::look_up(uid, out, buffer, size, errnop);
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(setpwent)(int /*stayopen*/) noexcept {
  g_cursor.reset();
  return NSS_STATUS_SUCCESS;
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(getpwent_r)(passwd* out, char* buffer, size_t size, int* errnop) noexcept {
  return heberg::nss::next<heberg::directory::account_entry>(g_cursor, heberg::nss::accounts(), out, buffer, size,
                                                             errnop);
}

HEBERG_NSS_EXPORT nss_status HEBERG_NSS(endpwent)() noexcept {
  g_cursor.reset();
  return NSS_STATUS_SUCCESS;
}
