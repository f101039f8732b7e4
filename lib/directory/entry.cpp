// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/entry.h"

#include "base/names.h"
#include "directory/format.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

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

}  // namespace

bool is_field(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || byte == ':';
  });
}

bool parse_account(std::string_view line, account_entry& out) noexcept {
  std::string_view f[7];
  if (!split(line, f, 7)) return false;
  std::uint32_t uid = 0;
  if (!is_site_name(f[0]) || f[1] != "x" || !parse_number(f[2], uid) || !is_site_id(uid) || f[3] != f[2]) return false;
  if (!is_field(f[4]) || !is_field(f[5]) || !is_field(f[6]) || !f[5].starts_with('/') || !f[6].starts_with('/'))
    return false;
  out = {line, f[0], uid, f[4], f[5], f[6]};
  return true;
}

bool parse_shadow(std::string_view line, shadow_entry& out) noexcept {
  std::string_view f[9];
  if (!split(line, f, 9)) return false;
  if (!is_site_name(f[0]) || f[1].empty() || !is_field(f[1])) return false;
  for (const std::size_t unused : {2U, 3U, 4U, 5U, 6U, 8U}) {
    if (!f[unused].empty()) return false;
  }
  std::int32_t expire = -1;
  if (!f[7].empty() && !parse_number(f[7], expire)) return false;
  out = {line, f[0], f[1], expire};
  return true;
}

}  // namespace heberg::directory
