// SPDX-License-Identifier: LGPL-2.1-or-later
// The constants of the published files' format, as docs/formats.md specifies it; reader and writer share this header.
//
//   0            cdb's table of contents; the modules do not read it
//   2048         one record a name, sorted: key "n:NAME", value "CRC32 LINE"
//   RECORDS_END  cdb's hash tables, for the stock tool; perhaps zeros behind them
//   the end      the index that the modules read: a power of two of blocks, each with a CRC and the file's size
#pragma once

#include "base/names.h"
#include "base/text.h"

#include <endian.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace heberg::directory {

enum class file_kind : unsigned char { accounts, shadow };

inline constexpr std::uint32_t k_records_begin = 2048;  // behind cdb's table of contents
inline constexpr std::uint64_t k_file_max = 1U << 30;   // far below 4 GiB, where cdb's numbers end

inline constexpr std::string_view k_name_prefix = "n:";
inline constexpr std::string_view k_id_prefix = "u:";  // of what an id's hash is made

inline constexpr std::uint32_t k_lengths_size = 8;  // before a record: the lengths of key and value
inline constexpr std::uint32_t k_seal_size = 9;     // the CRC in eight hex digits, and a space
inline constexpr std::uint32_t k_line_max = 900;    // so that an entry fits the 1024 bytes that many callers try first
inline constexpr std::uint32_t k_key_max = static_cast<std::uint32_t>(k_name_prefix.size() + k_site_name_max);
inline constexpr std::uint32_t k_record_max = k_lengths_size + k_key_max + k_seal_size + k_line_max;

// A block of the index: eight numbers (the last one zero), then the entries, each a hash and the place of a record. A
// key's entry is in the block that its hash picks, or, where that one is full, in the next that is not.
inline constexpr std::uint32_t k_block_size = 256;
inline constexpr std::uint32_t k_block_head_size = 32;
inline constexpr std::uint32_t k_entry_size = 8;
inline constexpr std::uint32_t k_entries_max = (k_block_size - k_block_head_size) / k_entry_size;

// Where each number stands in a block.
inline constexpr std::uint32_t k_at_crc = 0;        // of all that follows in the block
inline constexpr std::uint32_t k_at_magic = 4;      // kind and version
inline constexpr std::uint32_t k_at_file_size = 8;  // so that any block shows that the file was truncated
inline constexpr std::uint32_t k_at_index = 12;     // this block's own number
inline constexpr std::uint32_t k_at_account_count = 16;
inline constexpr std::uint32_t k_at_records_end = 20;
inline constexpr std::uint32_t k_at_entry_count = 24;  // in this block

// "HBa1" and "HBs1", read as a number.
[[nodiscard]] constexpr std::uint32_t magic_of(file_kind kind) noexcept {
  const std::uint32_t letter = kind == file_kind::accounts ? 'a' : 's';
  return 'H' | 'B' << 8 | letter << 16 | std::uint32_t{'1'} << 24;
}

// How many blocks a file of this size ends in: the size alone determines where the index begins. The
// writer makes the size fit (with zeros, where it must).
inline constexpr std::uint64_t k_bytes_per_block = 640;
[[nodiscard]] constexpr std::uint32_t block_count(std::uint64_t file_size) noexcept {
  return static_cast<std::uint32_t>(std::bit_floor(file_size / k_bytes_per_block));
}

[[nodiscard]] inline std::uint32_t load_number(const char* bytes) noexcept {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes, sizeof number);
  return le32toh(number);
}

}  // namespace heberg::directory
