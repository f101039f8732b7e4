// SPDX-License-Identifier: LGPL-2.1-or-later
// For daemons and commands; no plugin includes it (it allocates).
#pragma once

#include <span>
#include <string>

namespace heberg {

// Two lower-case digits a byte.
[[nodiscard]] inline std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr char k_digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text += k_digits[byte >> 4];
    text += k_digits[byte & 15];
  }
  return text;
}

}  // namespace heberg
