// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/index_writer.h"

#include "directory/crc32.h"
#include "directory/lookup.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace heberg::directory {
namespace {

constexpr std::uint64_t k_usual_load = k_entries_max / 2;  // entries a block: few blocks are full then

void store(std::string& bytes, std::uint64_t at, std::uint64_t number) {
  const std::uint32_t little = htole32(static_cast<std::uint32_t>(number));
  std::memcpy(&bytes[at], &little, sizeof little);
}

// Enough for the entries, and such that block_count() of the whole file says the same: too long a file for so few
// blocks gets more of them, too short a one is filled up with zeros.
std::uint64_t choose_block_count(std::uint64_t entry_count, std::uint64_t size_before) {
  std::uint64_t blocks = std::bit_ceil(std::max<std::uint64_t>(1, (entry_count + k_usual_load - 1) / k_usual_load));
  while (size_before + blocks * k_block_size >= 2 * blocks * k_bytes_per_block) blocks *= 2;
  return blocks;
}

}  // namespace

void index_writer::add(std::string_view key, std::uint64_t position) {
  entries_.push_back({hash_of(key), static_cast<std::uint32_t>(position)});
}

void index_writer::append_to(std::string& file, std::uint64_t records_end) const {
  const std::uint64_t blocks = choose_block_count(entries_.size(), file.size());
  const std::uint64_t blocks_size = blocks * k_block_size;
  const std::uint64_t file_size = std::max(file.size() + blocks_size, blocks * k_bytes_per_block);
  if (file_size > k_file_max) throw std::invalid_argument("too many accounts");
  const std::uint64_t begin = file_size - blocks_size;
  file.resize(file_size, '\0');

  std::vector<std::uint32_t> used(blocks, 0);
  for (const entry& e : entries_) {
    std::uint32_t block = block_of(e.hash, static_cast<std::uint32_t>(blocks));
    while (used[block] == k_entries_max) block = block_of(block + 1, static_cast<std::uint32_t>(blocks));
    const std::uint64_t at =
        begin + block * std::uint64_t{k_block_size} + k_block_head_size + used[block]++ * k_entry_size;
    store(file, at, e.hash);
    store(file, at + sizeof(std::uint32_t), e.position);
  }
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t at = begin + i * k_block_size;
    store(file, at + k_at_magic, magic_of(kind_));
    store(file, at + k_at_file_size, file_size);
    store(file, at + k_at_index, i);
    store(file, at + k_at_account_count, account_count_);
    store(file, at + k_at_records_end, records_end);
    store(file, at + k_at_entry_count, used[i]);
    store(file, at + k_at_crc,
          crc32(std::string_view(file).substr(at + sizeof(std::uint32_t), k_block_size - sizeof(std::uint32_t))));
  }
}

}  // namespace heberg::directory
