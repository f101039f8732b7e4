// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/settings_value.h"

#include "base/characters.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <ratio>

namespace heberg {
namespace {

struct amount {
  std::uint64_t number = 0;
  std::string_view unit;
};

// Digits, then whatever follows them.
std::optional<amount> split_amount(std::string_view text) noexcept {
  amount result;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result.number);
  if (error != std::errc{}) return std::nullopt;
  result.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return result;
}

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

template <std::size_t count>
std::optional<std::uint64_t> multiply(const amount& a, const unit (&units)[count], std::uint64_t limit) noexcept {
  for (const auto& u : units) {
    if (u.name != a.unit) continue;
    if (a.number > limit / u.factor) return std::nullopt;
    return a.number * u.factor;
  }
  return std::nullopt;
}

constexpr unit k_durations[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

constexpr std::uint64_t k_kibi = 1024;
constexpr unit k_sizes[] = {
    {"", 1},
    {"B", 1},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"KiB", k_kibi},
    {"MiB", k_kibi* k_kibi},
    {"GiB", k_kibi* k_kibi* k_kibi},
    {"k", k_kibi},
    {"m", k_kibi* k_kibi},
    {"g", k_kibi* k_kibi* k_kibi},
    {"K", k_kibi},
    {"M", k_kibi* k_kibi},
    {"G", k_kibi* k_kibi* k_kibi},
};

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
  const auto a = split_amount(text);
  if (!a) return std::nullopt;
  const auto ms = multiply(*a, k_durations, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  if (!ms) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*ms));
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  const auto a = split_amount(text);
  return a ? multiply(*a, k_sizes, std::numeric_limits<std::uint64_t>::max()) : std::nullopt;
}

std::optional<std::string> parse_path(std::string_view text) {
  if (text.empty() || text.front() != '/' || std::ranges::any_of(text, is_control)) return std::nullopt;
  std::string path;
  while (!text.empty()) {
    const auto start = text.find_first_not_of('/');
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const auto component = text.substr(0, text.find('/'));
    if (component == "." || component == "..") return std::nullopt;
    path.append("/").append(component);
    text.remove_prefix(component.size());
  }
  return path.empty() ? "/" : path;
}

bool is_engine_host(std::string_view text) noexcept {
  if (std::ranges::any_of(text, is_control)) return false;
  if (text.starts_with("unix:///")) return text.size() > 8;
  return text.starts_with("tcp://") && text.size() > 6;
}

bool is_container_name(std::string_view name) noexcept {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= 128 && is_word(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_word(c) || c == '_' || c == '.' || c == '-'; });
}

std::optional<std::pair<std::uint16_t, std::uint16_t>> parse_port_range(std::string_view text) noexcept {
  const auto parse = [](std::string_view digits) -> std::uint16_t {
    std::uint16_t number = 0;
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, number);
    return error == std::errc() && stop == end ? number : std::uint16_t{0};
  };
  const auto dash = text.find('-');
  const auto first = parse(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse(text.substr(dash + 1));
  if (first == 0 || last < first) return std::nullopt;
  return std::pair(first, last);
}

std::optional<std::pair<std::string, std::string>> parse_word_pair(std::string_view text) {
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos || blank == 0) return std::nullopt;
  const auto second = text.substr(std::min(text.find_first_not_of(' ', blank), text.size()));
  if (second.empty() || second.find(' ') != std::string_view::npos || std::ranges::any_of(text, is_control))
    return std::nullopt;
  return std::pair(std::string(text.substr(0, blank)), std::string(second));
}

bool is_host_port(std::string_view text) noexcept {
  if (!text.starts_with("tcp/") && !text.starts_with("udp/")) return false;
  text.remove_prefix(4);
  const auto parse = [](std::string_view digits) -> unsigned {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && end == digits.data() + digits.size() && number <= 65535 ? number : 0;
  };
  const auto dash = text.find('-');
  const auto first = parse(text.substr(0, dash));
  if (dash == std::string_view::npos) return first != 0;
  return first != 0 && parse(text.substr(dash + 1)) > first;
}

bool is_reload(std::string_view text) {
  if (std::ranges::any_of(text, is_control)) return false;
  if (text.starts_with("pid:")) return parse_path(text.substr(4)).has_value();
  if (text.starts_with("container:")) return is_container_name(text.substr(10));
  return text.starts_with("command:") && text.find_first_not_of(' ', 8) != std::string_view::npos;
}

std::optional<std::string> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const std::string address(text.substr(0, slash));
  const int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (::inet_pton(family, address.c_str(), bytes.data()) != 1) return std::nullopt;
  const unsigned most = family == AF_INET ? 32 : 128;
  unsigned bits = most;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits > most) return std::nullopt;
  }
  for (unsigned bit = bits; bit < most; ++bit) bytes[bit / 8] &= static_cast<unsigned char>(~(0x80U >> (bit % 8)));
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  if (::inet_ntop(family, bytes.data(), canonical.data(), canonical.size()) == nullptr) return std::nullopt;
  return std::string(canonical.data()) + (bits == most ? "" : "/" + std::to_string(bits));
}

}  // namespace heberg
