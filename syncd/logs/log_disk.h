// SPDX-License-Identifier: LGPL-2.1-or-later
// The disk calls of the log files' writer, so that a test can make each of them fail. They answer 0 or an errno value,
// as atomic_file does.
#pragma once

#include "base/unique_fd.h"
#include "tree/ownership.h"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace heberg::syncd {

class log_disk {
 public:
  virtual ~log_disk() = default;

  // A new file, root's and the site's group's, 0640. An empty one where it could not be finished is removed again.
  [[nodiscard]] virtual int make(int folder, const char* name, tree::file_owner owner, tree::ownership& owners,
                                 unique_fd& made);
  // How many bytes were written, fewer than asked for on a full disk; or a negative errno value.
  [[nodiscard]] virtual ssize_t write(int file, std::string_view bytes, off_t at);
  [[nodiscard]] virtual int truncate(int file, off_t size);
  [[nodiscard]] virtual int sync(int file);                                            // fdatasync(2)
  [[nodiscard]] virtual int rename_new(int folder, const char* from, const char* to);  // EEXIST where `to` is there
  virtual void begin_commit() {}                                                       // a test's may throw
};

// Whether the disk of the sites has room for their lines: below a share of it that is free they wait or are lost, so
// that databases, mail and syncd's own log still have some.

// Why no line of a site may be written, as a sentence; empty: it may. At 0 per cent it always may. Pure.
[[nodiscard]] std::string explain_no_room(std::uint64_t free_blocks, std::uint64_t blocks, std::uint32_t min_free);

// The same of the disk that an open folder is on. A disk that cannot be asked has room.
[[nodiscard]] std::string explain_no_room(int folder, std::uint32_t min_free);

}  // namespace heberg::syncd
