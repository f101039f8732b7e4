// SPDX-License-Identifier: LGPL-2.1-or-later
// Parses the value of a variable as a type, or gives a reason. Internal to lib/site. No parser here accepts a byte that
// has a meaning for nginx outside of quotes, or "$" inside of them.
#pragma once

#include "docker/container.h"
#include "site/hosts.h"
#include "site/variables/variables.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace heberg::site {

[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] refused_value refuse(variable variable, std::string_view value, std::string reason);
// The reason is the list of the values in the table.
[[nodiscard]] refused_value refuse_choice(variable variable, std::string_view value);

// The trimmed value; empty where the container does not set the variable.
[[nodiscard]] std::string_view read_value(const docker::container& container, variable variable);

[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t min, std::uint64_t max);
// "512k", "64m", "1g", bytes without a unit; at most 1 TiB.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);
// "90", "90s", "5m", "1h": from a second to a day.
[[nodiscard]] std::optional<std::chrono::seconds> parse_seconds(std::string_view text);
// true, yes, on, 1; false, no, off, 0.
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text);

// Why a text is not an URL's path; empty where it is one.
[[nodiscard]] std::string judge_path(std::string_view text);

// Why nginx would refuse a regular expression, or do more than match it; empty where it is sound.
[[nodiscard]] std::string judge_regex(std::string_view pattern, bool anchored);

template <class choice, std::size_t count>
std::optional<choice> parse_choice(std::string_view text,
                                   const std::array<std::pair<std::string_view, choice>, count>& choices) {
  for (const auto& [name, value] : choices) {
    if (text == name) return value;
  }
  return std::nullopt;
}

}  // namespace heberg::site
