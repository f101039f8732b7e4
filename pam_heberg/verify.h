// SPDX-License-Identifier: LGPL-2.1-or-later
// One password against one hash, in the same time whether there is such a hash or not.
#pragma once

#include <string_view>

namespace heberg::pam {

enum class password_match : unsigned char {
  match,
  mismatch,
  no_memory,
};

// Exactly one crypt(3), of any kind of input. hash: a crypt(5) hash; empty: there is none that could match, and a dummy
// of Debian's default cost is computed in its place. password: NULL, empty and overlong ones never match.
[[nodiscard]] password_match verify(const char* password, std::string_view hash) noexcept;

}  // namespace heberg::pam
