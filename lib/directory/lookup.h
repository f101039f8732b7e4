// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds one record: a block of the index that the hash picks, then the record. Two reads, whatever the size of the
// file; cdb's own probe, by cdb_seek(), needs seven or eight system calls and believes every number in the file
// (docs/decisions/0002-the-directory-is-cdb-with-an-index.md).
#pragma once

#include "directory/open_file.h"
#include "directory/record.h"

#include <cstdint>
#include <string_view>

namespace heberg::directory {

struct record_buffer {
  char bytes[k_record_max];
};

// Where the index has the key "n:NAME" or "u:UID". Both lead to the one record of the name.
[[nodiscard]] std::uint32_t hash_of(std::string_view key) noexcept;

// The place in the index that a hash picks, in a file of so many blocks.
[[nodiscard]] constexpr std::uint32_t block_of(std::uint32_t hash, std::uint32_t block_count) noexcept {
  return hash & (block_count - 1);
}

// Goes through the records that have a hash, in a file that is open.
class candidates {
 public:
  candidates(const open_file& file, std::uint32_t hash) noexcept : file_(file), hash_(hash) {}

  // found: out is the next record with this hash, and points into buffer. not_found: there is no further one. damaged.
  [[nodiscard]] status next(record_buffer& buffer, record& out) noexcept;

 private:
  [[nodiscard]] status read_record_at(std::uint32_t position, record_buffer& buffer, record& out) const noexcept;

  const open_file& file_;
  const std::uint32_t hash_;
  std::uint32_t blocks_read_ = 0;
  std::uint32_t entry_ = 0;  // the next one in block_
  index_block block_;
};

}  // namespace heberg::directory
