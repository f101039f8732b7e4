// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds a request's second argument in its JSON text, so that a password there never passes through the JSON library,
// which leaves copies of what it parses in freed memory. Pure.
#pragma once

#include "base/secret.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace heberg::control {

struct literal {
  std::size_t begin = 0;  // behind the opening quote
  std::size_t end = 0;    // of the closing quote
};

// The second string of the array "arguments" at the top of the object. The rest of the text need not be JSON.
[[nodiscard]] std::optional<literal> find_second_argument(std::string_view line);

// The literal's text without its quotes, and back. nullopt where it is not printable ASCII, or has an escape other than
// \" and \\: the JSON library's work.
[[nodiscard]] std::optional<secret> unescape(std::string_view literal);
[[nodiscard]] std::optional<secret> escape(std::string_view text);

}  // namespace heberg::control
