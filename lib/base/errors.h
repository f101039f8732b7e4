// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemons' one way to turn errno into an exception: "open /var/lib/heberg/ledger.db: Permission denied".
// For daemons and commands; a plugin never includes it (it throws).
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace heberg {

[[noreturn]] inline void throw_errno(int error, std::string_view operation, std::string_view object) {
  throw std::system_error(error, std::generic_category(), std::string(operation) + " " + std::string(object));
}

[[noreturn]] inline void throw_errno(std::string_view operation, std::string_view object) {
  throw_errno(errno, operation, object);
}

}  // namespace heberg
