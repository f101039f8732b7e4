// SPDX-License-Identifier: LGPL-2.1-or-later
// The keys of an authorized_keys file (sshd(8)) that its owner wrote. What sshd gets has no comment, no line that is
// longer than a key, and of the options from= and expiry-time= alone, which restrict a login. Those that have no effect
// in a site's session (command=, no-pty, …) are left away; a line with any other is not used. Pure; plain libc.
#pragma once

#include <cstddef>
#include <string_view>

namespace heberg::owner_keys {

inline constexpr std::size_t k_file_max = 64 * 1024;  // bytes; lib/tree/keys.h has the same limit
inline constexpr std::size_t k_line_max = 8 * 1024;   // bytes: RSA with 16384 bits has 2800
inline constexpr unsigned k_keys_max = 200;

struct taken_keys {
  std::size_t size = 0;     // of what was written to out
  unsigned keys = 0;        // lines of it
  unsigned left_out = 0;    // lines that are neither a usable key, nor empty, nor a comment
  unsigned first = 0;       // the first of them, from 1
  const char* reason = "";  // why that one: the end of a sentence
};

// out: room for text.size() + 1 bytes. Each line in it is "TYPE BASE64\n", with these two options before it.
[[nodiscard]] taken_keys take_keys(std::string_view text, char* out) noexcept;

}  // namespace heberg::owner_keys
