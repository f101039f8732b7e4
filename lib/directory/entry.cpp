// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/entry.h"

#include "base/names.h"
#include "directory/format.h"

#include <charconv>
#include <cstddef>
#include <cstring>

namespace heberg::directory {
namespace {

// Exactly `count` fields, or false.
bool split(std::string_view line, std::string_view* fields, std::size_t count) noexcept {
  for (std::size_t i = 0; i + 1 < count; ++i) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return false;
    fields[i] = slice(line, 0, colon);
    line.remove_prefix(colon + 1);
  }
  fields[count - 1] = line;
  return line.find(':') == line.npos;
}

// A number as printf("%u") writes it, in whole.
template <typename number>
bool parse_number(std::string_view text, number& out) noexcept {
  if (text.empty() || text.front() == '-' || (text.front() == '0' && text.size() > 1)) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// No control character. Eight bytes at a time, as a whole enumeration spends its time here: "a byte below n" and "a
// byte that is zero" as in Bit Twiddling Hacks (https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord).
bool is_printable(std::string_view text) noexcept {
  constexpr std::uint64_t k_each = 0x0101010101010101;
  constexpr std::uint64_t k_top_bits = k_each * 0x80;
  std::uint64_t found = 0;
  while (!text.empty()) {
    std::uint64_t word = k_each * 'x';  // fills up the last one
    const std::size_t size = text.size() < sizeof word ? text.size() : sizeof word;
    std::memcpy(&word, text.data(), size);
    const std::uint64_t delete_is_zero = word ^ k_each * 0x7f;
    found |= (word - k_each * 0x20) & ~word & k_top_bits;
    found |= (delete_is_zero - k_each) & ~delete_is_zero & k_top_bits;
    text.remove_prefix(size);
  }
  return found == 0;
}

}  // namespace

bool is_field(std::string_view text) noexcept {
  return text.find(':') == text.npos && is_printable(text);
}

bool parse_account(std::string_view line, account_entry& out) noexcept {
  std::string_view f[7];
  if (!is_printable(line) || !split(line, f, 7)) return false;
  std::uint32_t uid = 0;
  if (!is_site_name(f[0]) || f[1] != "x" || !parse_number(f[2], uid) || !is_site_id(uid) || f[3] != f[2]) return false;
  if (!f[5].starts_with('/') || !f[6].starts_with('/')) return false;
  out = {line, f[0], uid, f[4], f[5], f[6]};
  return true;
}

bool parse_shadow(std::string_view line, shadow_entry& out) noexcept {
  std::string_view f[9];
  if (!is_printable(line) || !split(line, f, 9)) return false;
  if (!is_site_name(f[0]) || f[1].empty()) return false;
  for (const std::size_t unused : {2U, 3U, 4U, 5U, 6U, 8U}) {
    if (!f[unused].empty()) return false;
  }
  std::int32_t expire = -1;
  if (!f[7].empty() && !parse_number(f[7], expire)) return false;
  out = {line, f[0], f[1], expire};
  return true;
}

}  // namespace heberg::directory
