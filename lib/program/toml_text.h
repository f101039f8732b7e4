// SPDX-License-Identifier: LGPL-2.1-or-later
// What is kept from toml++ 3.3. Its is_non_ascii_horizontal_whitespace() runs into undefined behaviour for U+00A1 to
// U+0499 (each accented letter), and it asks that of any character outside of strings and comments, and inside
// multi-line strings. None of our settings needs either, so both are complaints of ours. Can go when Debian has a
// toml++ without that fault.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace heberg {

struct toml_complaint {
  std::size_t line = 1;
  std::string_view reason;
};

[[nodiscard]] std::optional<toml_complaint> find_unreadable(std::string_view text) noexcept;

}  // namespace heberg
