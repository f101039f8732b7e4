// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/lookup.h"

#include "directory/crc32.h"

#include <algorithm>

namespace heberg::directory {

std::uint32_t hash_of(std::string_view key) noexcept {
  return crc32(key);
}

status candidates::next(record_buffer& buffer, record& out) noexcept {
  for (;;) {
    if (blocks_read_ != 0) {
      for (; entry_ < block_.entry_count(); ++entry_) {
        const index_block::entry at = block_.entry_at(entry_);
        if (at.hash != hash_) continue;
        ++entry_;
        return read_record_at(at.position, buffer, out);
      }
      if (entry_ < k_entries_max) return status::not_found;
    }
    // The first block, or the one behind a full one; all of them are full only where the writer did not write them.
    if (blocks_read_ == file_.block_count()) return status::damaged;
    const std::uint32_t index = block_of(hash_ + blocks_read_, file_.block_count());
    if (!file_.read_block(index, block_)) return status::damaged;
    ++blocks_read_;
    entry_ = 0;
  }
}

status candidates::read_record_at(std::uint32_t position, record_buffer& buffer, record& out) const noexcept {
  const std::uint32_t end = block_.records_end();
  if (position < k_records_begin || position >= end) return status::damaged;
  constexpr std::uint32_t k_usual = 256;  // most records fit; a longer one costs a second read
  std::uint32_t have = 0;
  for (std::uint32_t want = k_usual;; want = out.size) {
    want = std::min(want, end - position);
    if (want <= have || !file_.read(buffer.bytes + have, want - have, position + have)) return status::damaged;
    have = want;
    const record_state state = read_record({buffer.bytes, have}, out);
    if (state != record_state::partial) return state == record_state::whole ? status::found : status::damaged;
  }
}

}  // namespace heberg::directory
