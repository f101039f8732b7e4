// SPDX-License-Identifier: LGPL-2.1-or-later
// The index at the end of a published file (format.h), as its writer makes it.
#pragma once

#include "directory/format.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::directory {

class index_writer {
 public:
  index_writer(file_kind kind, std::size_t account_count) : kind_(kind), account_count_(account_count) {}

  // The record at `position` is to be found by this key.
  void add(std::string_view key, std::uint64_t position);

  // Puts the index at the end of what goes before it. Throws std::invalid_argument where the file would be too large.
  void append_to(std::string& file, std::uint64_t records_end) const;

 private:
  struct entry {
    std::uint32_t hash;
    std::uint32_t position;
  };
  file_kind kind_;
  std::size_t account_count_;
  std::vector<entry> entries_;
};

}  // namespace heberg::directory
