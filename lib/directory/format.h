// SPDX-License-Identifier: LGPL-2.1-or-later
// The numbers and words of the published files, as docs/formats.md promises them; reader and writer share this page.
//
//   0      256 table entries of 8 bytes (cdb): position and length of each hash table
//   2048   the first record: key "heberg", value "CRC32 KIND VERSION COUNT TABLES"
//          one record a name, sorted: key "n:NAME", value "CRC32 LINE"
//          accounts only, one record an id, in the same order: key "u:UID", the same line
//   TABLES the hash tables, without a gap (cdb): slots of 8 bytes, two for each record
//          the checks: one CRC32 for each 256 bytes of hash tables; they end the file
#pragma once

#include "base/names.h"

#include <endian.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace heberg::directory {

enum class file_kind : unsigned char { accounts, shadow };

inline constexpr std::uint32_t k_toc_size = 2048;  // bytes; cdb's table of contents
inline constexpr std::uint32_t k_table_count = 256;
inline constexpr std::uint32_t k_pair_size = 8;  // a table entry, a slot, the two lengths before a record: two numbers
inline constexpr std::uint32_t k_check_span = 256;  // bytes of hash tables under one check
inline constexpr std::uint32_t k_check_size = 4;
inline constexpr std::uint64_t k_file_max = 1U << 30;  // far below 4 GiB, where cdb's numbers end

inline constexpr std::string_view k_first_key = "heberg";
inline constexpr std::string_view k_name_prefix = "n:";
inline constexpr std::string_view k_id_prefix = "u:";

inline constexpr std::uint32_t k_seal_size = 9;    // the CRC in eight hex digits, and a space
inline constexpr std::uint32_t k_number_size = 8;  // COUNT and TABLES, in hex
inline constexpr std::uint32_t k_line_max = 900;   // so that an entry fits the 1024 bytes that many callers try first
inline constexpr std::uint32_t k_key_max = static_cast<std::uint32_t>(k_name_prefix.size() + k_site_name_max);
inline constexpr std::uint32_t k_record_max = k_pair_size + k_key_max + k_seal_size + k_line_max;

// KIND and VERSION as they stand in the first record.
[[nodiscard]] constexpr std::string_view title_of(file_kind kind) noexcept {
  return kind == file_kind::accounts ? "accounts 1 " : "shadow 1 ";
}

// How many records a file of `count` accounts has, the first one included.
[[nodiscard]] constexpr std::uint64_t record_count(file_kind kind, std::uint64_t count) noexcept {
  return 1 + count * (kind == file_kind::accounts ? 2 : 1);
}

// Bytes of the hash tables: two slots a record, as every cdb writer makes them.
[[nodiscard]] constexpr std::uint64_t tables_size(file_kind kind, std::uint64_t count) noexcept {
  return record_count(kind, count) * 2 * k_pair_size;
}

[[nodiscard]] constexpr std::uint64_t checks_size(std::uint64_t table_bytes) noexcept {
  return (table_bytes + k_check_span - 1) / k_check_span * k_check_size;
}

[[nodiscard]] constexpr std::uint32_t first_record_size(file_kind kind) noexcept {
  return static_cast<std::uint32_t>(k_pair_size + k_first_key.size() + k_seal_size + title_of(kind).size() +
                                    k_number_size + 1 + k_number_size);
}

// The part of a text that the caller knows to be there. Not substr(): it throws, and a plugin has no one to throw with.
[[nodiscard]] constexpr std::string_view slice(std::string_view text, std::size_t at, std::size_t size) noexcept {
  return {text.data() + at, size};
}

[[nodiscard]] constexpr std::string_view slice(std::string_view text, std::size_t at) noexcept {
  return slice(text, at, text.size() - at);
}

[[nodiscard]] inline std::uint32_t load_number(const char* bytes) noexcept {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes, sizeof number);
  return le32toh(number);
}

}  // namespace heberg::directory
