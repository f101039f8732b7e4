// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds one record by its key: cdb's probe, with pread(2), bounded by the table's own length. tinycdb's cdb_seek()
// answers the same but needs seven or eight system calls where this needs two, and believes every number in the file
// (docs/decisions/0002-the-directory-is-cdb.md).
#pragma once

#include "directory/open_file.h"
#include "directory/record.h"

#include <string_view>

namespace heberg::directory {

struct record_buffer {
  char bytes[k_record_max];
};

// found (out points into buffer), not_found or damaged. "Not found" is only said after the slots that say so were
// checked against their CRC: a damaged file never hides an account.
[[nodiscard]] status find_record(const open_file& file, std::string_view key, record_buffer& buffer,
                                 record& out) noexcept;

}  // namespace heberg::directory
