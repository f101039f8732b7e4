// SPDX-License-Identifier: LGPL-2.1-or-later
// Passwords as values: the meaning of a password file's line, hashing, generating. No files here.
#pragma once

#include "tree/secret.h"

#include <string>
#include <string_view>

namespace heberg::tree {

enum class line_kind {
  empty,     // password login is off; "*" and "!" too, as in shadow(5)
  hash,      // a crypt(5) hash, taken as it is
  password,  // the password itself
  bad,       // neither: a hash's prefix without a hash, a NUL byte, or longer than crypt(3) accepts
};

struct classified_line {
  line_kind kind = line_kind::empty;
  std::string reason;  // of a bad line; never contains a part of it
};

// The first line of a password file, without its newline. Only the prefixes of crypt(5)'s "$id$" methods make a hash:
// thirteen letters are more likely a password than a DES hash.
[[nodiscard]] classified_line classify_line(std::string_view line);

// A new password: 20 characters out of 57 that are not easily confused, 116 bits. Throws std::system_error.
[[nodiscard]] secret generate_password();

// The password's yescrypt hash, at libxcrypt's default cost (what Debian's passwd(1) makes: "$y$j9T$"). Takes some 50
// ms. Throws std::system_error.
[[nodiscard]] std::string hash_password(const secret& password);

// True where it is this password's hash. Takes as long as hash_password().
[[nodiscard]] bool is_hash_of(const std::string& hash, const secret& password);

}  // namespace heberg::tree
