// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads JSON within bounds, and keeps only the keys that are asked for: what is not kept costs no memory, however much
// a document has of it. Never throws on input.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace heberg {

// A key to keep, and the keys to keep below it (none: everything). "*" stands for any key. Arrays are transparent: what
// holds for a key holds for each element of its array.
struct wanted_key {
  std::string_view name;
  std::span<const wanted_key> below = {};
};

struct filter_limits {
  std::size_t bytes = 0;   // of text
  std::size_t depth = 32;  // objects and arrays inside one another
  std::size_t values = 0;  // kept at one time
};

// The document, reduced to the wanted keys; a discarded value where it is not sound, with the reason in `problem`.
[[nodiscard]] nlohmann::json filter_json(std::string_view text, std::span<const wanted_key> wanted,
                                         const filter_limits& limits, std::string& problem);

// The same for a document that is an array: its elements one by one, so that a long one is never held as a whole. False
// with the reason in `problem` where the document is not sound; elements before the fault have been given by then.
[[nodiscard]] bool filter_json_elements(std::string_view text, std::span<const wanted_key> wanted,
                                        const filter_limits& limits, const std::function<void(nlohmann::json&&)>& take,
                                        std::string& problem);

}  // namespace heberg
