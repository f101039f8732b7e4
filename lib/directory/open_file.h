// SPDX-License-Identifier: LGPL-2.1-or-later
// One of the two files, open and checked as a whole: its owner and mode, its kind and version, and its exact size, so
// that any truncation is seen on every call. Two system calls and one read of 2 KB; no mapping, nothing kept.
#pragma once

#include "base/unique_fd.h"
#include "directory/format.h"
#include "directory/status.h"

#include <sys/types.h>

#include <cstdint>
#include <string_view>

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

class open_file {
 public:
  // found, missing, untrusted or damaged. Not found: nothing of this object may be used.
  [[nodiscard]] status open(const source& from) noexcept;

  [[nodiscard]] const file_identity& identity() const noexcept { return identity_; }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }            // accounts
  [[nodiscard]] std::uint32_t records_begin() const noexcept { return records_; }  // behind the first record
  [[nodiscard]] std::uint32_t records_end() const noexcept { return tables_; }     // where the hash tables begin
  [[nodiscard]] std::uint32_t checks_begin() const noexcept { return checks_; }    // where they end

  struct table {
    std::uint32_t position;
    std::uint32_t slots;
  };
  // One of the k_table_count hash tables. False: damaged, it does not lie between its neighbours.
  [[nodiscard]] bool find_table(std::uint32_t index, table& out) const noexcept;

  // Exactly `size` bytes at `position`, or false: an I/O error, or a file that ended.
  [[nodiscard]] bool read(char* to, std::uint32_t size, std::uint32_t position) const noexcept;

 private:
  [[nodiscard]] bool check_first_record(file_kind kind, std::string_view bytes, std::uint64_t file_size) noexcept;
  [[nodiscard]] std::uint64_t table_begin(std::uint32_t index) const noexcept;

  unique_fd fd_;
  file_identity identity_{};
  std::uint32_t count_ = 0;
  std::uint32_t records_ = 0;
  std::uint32_t tables_ = 0;
  std::uint32_t checks_ = 0;
  char head_[k_toc_size + first_record_size(file_kind::accounts)];  // the longer of the two kinds
};

}  // namespace heberg::directory
