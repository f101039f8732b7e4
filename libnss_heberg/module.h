// SPDX-License-Identifier: LGPL-2.1-or-later
// What the module's entry points share: their names, where the directory is, and how the result of a lookup becomes an
// answer to glibc.
//
// The entry points are called in any program, in any thread, at any time: they keep errno, hold nothing between two
// calls but the cursors, and know no environment, locale, log or lock. The names follow glibc's <nss.h>; glibc looks
// them up.
#pragma once

#include "directory/open_file.h"
#include "directory/status.h"

#include <nss.h>
#include <unistd.h>

#include <cerrno>

// HEBERG_NSS(getpwnam_r) is _nss_heberg_getpwnam_r. The tests build the module a second time with another prefix,
// folder and owner: a shipped module that took them from its environment would let any user who starts a set-uid
// program choose the directory.
#define HEBERG_NSS_JOIN(prefix, name) prefix##name
#define HEBERG_NSS_EXPAND(prefix, name) HEBERG_NSS_JOIN(prefix, name)
#define HEBERG_NSS(name) HEBERG_NSS_EXPAND(HEBERG_NSS_PREFIX, name)
#define HEBERG_NSS_EXPORT extern "C" __attribute__((visibility("default")))

namespace heberg::nss {

using directory::status;

[[nodiscard]] inline directory::source accounts() noexcept {
  return {HEBERG_DIRECTORY "/accounts.cdb", HEBERG_TRUSTED_OWNER, directory::file_kind::accounts};
}

[[nodiscard]] inline directory::source shadow() noexcept {
  return {HEBERG_DIRECTORY "/shadow.cdb", HEBERG_TRUSTED_OWNER, directory::file_kind::shadow};
}

// Runs `lookup`, which returns a status, and translates it. *errnop, which may well be errno itself, is set where the
// answer is not SUCCESS, and never to 0; errno is kept otherwise.
template <typename lookup_type>
[[nodiscard]] nss_status answer(int* errnop, lookup_type lookup) noexcept {
  const int kept = errno;
  const status result = lookup();
  const int reason = errno;
  errno = kept;
  switch (result) {
    case status::found:
      return NSS_STATUS_SUCCESS;
    case status::not_found:
      *errnop = ENOENT;
      return NSS_STATUS_NOTFOUND;
    case status::short_buffer:
      *errnop = ERANGE;
      return NSS_STATUS_TRYAGAIN;
    case status::missing:
      *errnop = reason != 0 ? reason : ENOENT;
      return NSS_STATUS_UNAVAIL;
    case status::untrusted:
      *errnop = EPERM;
      return NSS_STATUS_UNAVAIL;
    case status::damaged:
      break;
  }
  *errnop = EIO;
  return NSS_STATUS_UNAVAIL;
}

}  // namespace heberg::nss
