// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/record.h"

#include "directory/crc32.h"
#include "directory/format.h"

namespace heberg::directory {

bool read_hex(std::string_view digits, std::uint32_t& out) noexcept {
  constexpr std::size_t k_digits = 8;
  if (digits.size() != k_digits) return false;
  std::uint32_t number = 0;
  for (const char c : digits) {
    const bool decimal = c >= '0' && c <= '9';
    if (!decimal && (c < 'a' || c > 'f')) return false;
    number = number << 4 | static_cast<std::uint32_t>(decimal ? c - '0' : c - 'a' + 10);
  }
  out = number;
  return true;
}

std::string_view name_in(std::string_view key) noexcept {
  return has_prefix(key, k_name_prefix) ? slice(key, k_name_prefix.size()) : std::string_view();
}

std::uint32_t seal_of(std::string_view key, std::string_view line) noexcept {
  return crc32(line, crc32(" ", crc32(key)));
}

record_state read_record(std::string_view bytes, record& out) noexcept {
  out = record{};
  if (bytes.size() < k_lengths_size) return record_state::partial;
  const std::uint32_t key_size = load_number(bytes.data());
  const std::uint32_t value_size = load_number(bytes.data() + 4);
  const bool possible =
      key_size > 0 && key_size <= k_key_max && value_size >= k_seal_size && value_size <= k_seal_size + k_line_max;
  if (!possible) return record_state::damaged;

  out.size = k_lengths_size + key_size + value_size;
  if (bytes.size() < out.size) return record_state::partial;
  out.key = slice(bytes, k_lengths_size, key_size);
  const std::string_view value = slice(bytes, k_lengths_size + key_size, value_size);
  out.line = slice(value, k_seal_size);
  std::uint32_t seal = 0;
  const bool sound = read_hex(slice(value, 0, k_seal_size - 1), seal) && value[k_seal_size - 1] == ' ' &&
                     seal == seal_of(out.key, out.line);
  return sound ? record_state::whole : record_state::damaged;
}

}  // namespace heberg::directory
