// SPDX-License-Identifier: LGPL-2.1-or-later
// One of the two files, open, its owner and mode checked; and the blocks of its index, each checked as it is read. No
// mapping, nothing kept.
#pragma once

#include "base/unique_fd.h"
#include "directory/format.h"
#include "directory/status.h"

#include <sys/types.h>

#include <cstdint>

namespace heberg::directory {

// Which file to read, and who must own it (root, outside of tests). The path outlives every use.
struct source {
  const char* path;
  uid_t owner;
  file_kind kind;
};

// Two opens with equal identities saw the same bytes: a published file is never changed in place.
struct file_identity {
  dev_t device;
  ino_t inode;
  std::int64_t changed_s;
  std::int64_t changed_ns;
  bool operator==(const file_identity&) const noexcept = default;
};

// A block of the index as it was read, and found sound.
class index_block {
 public:
  struct entry {
    std::uint32_t hash;
    std::uint32_t position;  // of the record
  };
  [[nodiscard]] std::uint32_t account_count() const noexcept { return load_number(bytes_ + k_at_account_count); }
  [[nodiscard]] std::uint32_t records_end() const noexcept { return load_number(bytes_ + k_at_records_end); }
  [[nodiscard]] std::uint32_t entry_count() const noexcept { return load_number(bytes_ + k_at_entry_count); }
  [[nodiscard]] entry entry_at(std::uint32_t i) const noexcept {  // i < entry_count()
    const char* at = bytes_ + k_block_head_size + i * k_entry_size;
    return {load_number(at), load_number(at + sizeof(std::uint32_t))};
  }

 private:
  friend class open_file;
  char bytes_[k_block_size];
};

class open_file {
 public:
  // found, missing, untrusted or damaged. Not found: nothing of this object may be used.
  [[nodiscard]] status open(const source& from) noexcept;

  [[nodiscard]] const file_identity& identity() const noexcept { return identity_; }
  [[nodiscard]] std::uint32_t block_count() const noexcept { return block_count_; }

  // False: damaged. That a file was cut is seen here, in whichever block.
  [[nodiscard]] bool read_block(std::uint32_t index, index_block& out) const noexcept;  // index < block_count()

  // Exactly `size` bytes at `position`, or false: an I/O error, or a file that ended.
  [[nodiscard]] bool read(char* to, std::uint32_t size, std::uint32_t position) const noexcept;

 private:
  unique_fd fd_;
  file_identity identity_{};
  std::uint32_t magic_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t block_count_ = 0;
};

}  // namespace heberg::directory
