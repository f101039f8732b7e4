// SPDX-License-Identifier: LGPL-2.1-or-later
// The disk calls of the log files' writer, so that a test can make each of them fail. They answer 0 or an errno value,
// as atomic_file does.
#pragma once

#include "base/unique_fd.h"
#include "tree/ownership.h"

#include <sys/types.h>

#include <cstddef>
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

}  // namespace heberg::syncd
