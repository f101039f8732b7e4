// SPDX-License-Identifier: LGPL-2.1-or-later
// Passwords as values: what a line of a password file is, hashing, making one up. No files here.
#pragma once

#include "tree/secret.h"

#include <string>
#include <string_view>

namespace heberg::tree {

enum class line_kind {
  empty,     // password login is off; so are "*" and "!", which shadow(5) means so
  hash,      // a crypt(5) hash, taken as it is
  password,  // the password itself
  bad,       // neither: it has a hash's prefix without being one, a NUL byte, or more than crypt(3) takes
};

struct judged_line {
  line_kind kind = line_kind::empty;
  std::string reason;  // of a bad one; never holds a part of the line
};

// The first line of a password file, without its newline. Only the prefixes of crypt(5)'s "$id$" methods make a hash:
// thirteen letters are somebody's password sooner than a DES hash.
[[nodiscard]] judged_line judge_line(std::string_view line);

// A new password: 20 characters of 57 that are not taken for one another, 116 bits. Throws std::system_error.
[[nodiscard]] secret generate_password();

// The password's yescrypt hash, at libxcrypt's default cost (what Debian's passwd(1) makes: "$y$j9T$"). Some 50 ms.
// Throws std::system_error.
[[nodiscard]] std::string hash_password(const secret& password);

// Is it this password's hash? As long as hash_password().
[[nodiscard]] bool is_hash_of(const std::string& hash, const secret& password);

}  // namespace heberg::tree
