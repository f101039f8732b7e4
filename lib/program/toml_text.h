// SPDX-License-Identifier: LGPL-2.1-or-later
// Shields toml++ 3.3 from letters beyond ASCII. Its is_non_ascii_horizontal_whitespace() runs into undefined behaviour
// for U+00A1 to U+0499 (each accented letter), and where it asks that is hard to foresee, least of all in a file with a
// typing error. None of our settings needs such a letter, save in comments. Can go when Debian has a toml++ without
// that fault.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace heberg {

struct toml_error {
  std::size_t line = 1;
  std::string_view reason;
};

// The same text with "?" for each byte beyond ASCII in a comment, or an error for one elsewhere, or for a multi-line
// string, in which what looks like a comment is none.
[[nodiscard]] std::variant<std::string, toml_error> make_ascii(std::string_view text);

}  // namespace heberg
