// SPDX-License-Identifier: LGPL-2.1-or-later
// A whole JSON document within bounds. Never throws on input. For a large one of which little is of interest: filter.h.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string_view>

namespace heberg {

enum class too_deep { refuse, leave_out };  // the document, or what is too deep in it

struct parse_limits {
  std::size_t bytes = 64U << 20U;  // of text
  int depth = 32;                  // objects and arrays inside one another
  too_deep how = too_deep::refuse;
};

// A discarded value (is_discarded(); not is_object(), not is_array()) where the text is not JSON or exceeds the limits.
[[nodiscard]] nlohmann::json parse_json(std::string_view text, const parse_limits& limits = {});

// The same with an object's members in the text's order.
[[nodiscard]] nlohmann::ordered_json parse_ordered_json(std::string_view text, const parse_limits& limits = {});

}  // namespace heberg
