// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/values.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace heberg::site {
namespace {

constexpr std::string_view k_blanks = " \t\r\n";
constexpr std::size_t k_path_max = 255;  // bytes

struct free_code {
  void operator()(pcre2_code* code) const noexcept { pcre2_code_free(code); }
};
using code_pointer = std::unique_ptr<pcre2_code, free_code>;

// Removes the unit at the end of the text, and returns its factor; 0 for an unknown unit.
template <std::size_t count>
std::uint64_t take_unit(std::string_view& text, const std::array<std::pair<char, std::uint64_t>, count>& units) {
  if (text.empty() || (text.back() >= '0' && text.back() <= '9')) return 1;
  const char unit = text.back();
  text.remove_suffix(1);
  for (const auto& [letter, factor] : units) {
    if (unit == letter || unit == letter - 'a' + 'A') return factor;
  }
  return 0;
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(k_blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(k_blanks) - first + 1);
}

refused_value refuse(variable variable, std::string_view value, std::string reason) {
  return {variable, printable(value), std::move(reason)};
}

refused_value refuse_choice(variable variable, std::string_view value) {
  return refuse(variable, value, "is not one of " + list_values(variable));
}

std::string_view read_value(const docker::container& container, variable variable) {
  const auto* value = find_value(container, variable);
  return value == nullptr ? std::string_view{} : trim(*value);
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t min, std::uint64_t max) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < min || number > max) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::array<std::pair<char, std::uint64_t>, 3> units = {
      {{'k', 1ULL << 10}, {'m', 1ULL << 20}, {'g', 1ULL << 30}}};
  const auto factor = take_unit(text, units);
  if (factor == 0) return std::nullopt;
  const auto number = parse_number(text, 0, (1ULL << 40) / factor);
  if (!number) return std::nullopt;
  return *number * factor;
}

std::optional<std::chrono::seconds> parse_seconds(std::string_view text) {
  constexpr std::array<std::pair<char, std::uint64_t>, 3> units = {{{'s', 1}, {'m', 60}, {'h', 3600}}};
  const auto factor = take_unit(text, units);
  if (factor == 0) return std::nullopt;
  const auto number = parse_number(text, 1, 86'400 / factor);
  if (!number) return std::nullopt;
  return std::chrono::seconds(*number * factor);
}

std::optional<bool> parse_flag(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

std::string judge_path(std::string_view text) {
  constexpr std::string_view others = "/._~-!&()*+,=:@%";
  if (!text.starts_with('/')) return "does not begin with a slash";
  if (text.size() > k_path_max) return "is longer than 255 bytes";
  const auto is_sound = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  };
  if (!std::ranges::all_of(text, is_sound))
    return "contains a character other than letters, digits and " + std::string(others);
  return {};
}

std::string judge_regex(std::string_view pattern, bool anchored) {
  if (pattern.empty()) return "is an empty regular expression";
  if (pattern.size() > k_regex_max) return "is a regular expression longer than 255 bytes";
  // "(*VERB" can lift the limits that the renderer sets. No request contains a text that "\(*" would match.
  if (pattern.find("(*") != std::string_view::npos) return "is a regular expression with \"(*\" in it";

  int error = 0;
  PCRE2_SIZE offset = 0;
  const code_pointer code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), 0, &error, &offset, nullptr));
  if (code == nullptr) {
    std::array<PCRE2_UCHAR, 256> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    return "is not a valid regular expression: " + std::string(reinterpret_cast<const char*>(message.data())) +
           " at offset " + std::to_string(offset);
  }
  std::uint32_t names = 0;
  std::uint32_t options = 0;
  pcre2_pattern_info(code.get(), PCRE2_INFO_NAMECOUNT, &names);
  pcre2_pattern_info(code.get(), PCRE2_INFO_ALLOPTIONS, &options);
  // nginx makes a variable of a named group: "(?<host>…)" duplicates one of its own, and no site would be served.
  if (names > 0) return "is a regular expression with a named group";
  // PCRE2 sets the bit by itself where every alternative begins with "^".
  if (anchored && (options & PCRE2_ANCHORED) == 0)
    return "is a regular expression that is not anchored: begin it with \"^\"";
  return {};
}

}  // namespace heberg::site
