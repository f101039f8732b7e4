// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that readers see whole or not at all: written under a temporary name beside its target, fsynced, given its
// owner and mode *before* it is renamed into place, its folder fsynced. Plain libc: errors are errno values.
#pragma once

#include "base/unique_fd.h"

#include <sys/types.h>

#include <string_view>

namespace heberg {

class atomic_file {
 public:
  // Opens ".<name>.tmp" (a left-over of a crash is replaced) in the folder dirfd, which outlives this object.
  // name: one path component, at most 200 bytes. 0 or an errno value.
  [[nodiscard]] int open(int dirfd, std::string_view name, mode_t mode, uid_t owner, gid_t group) noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] int write(std::string_view bytes) noexcept;  // all of it, or an errno value

  // fsync, rename over the target, fsync the folder. 0 or an errno value. After an error the target is the old file;
  // only where the last step failed (the folder's fsync) it is the new one already, whole, but a power cut may bring
  // the old one back.
  [[nodiscard]] int commit() noexcept;

  // commit() without the folder's fsync, which the caller does once for several files.
  [[nodiscard]] int place() noexcept;

  // commit(), but where the target exists (by now) it stays: EEXIST.
  [[nodiscard]] int commit_new() noexcept;

  atomic_file() noexcept = default;
  atomic_file(const atomic_file&) = delete;
  atomic_file& operator=(const atomic_file&) = delete;
  ~atomic_file();  // not committed: the temporary file is removed

 private:
  [[nodiscard]] int place(unsigned rename_flags) noexcept;
  [[nodiscard]] int sync_folder() const noexcept;

  int dirfd_ = -1;
  unique_fd fd_;
  char name_[201] = {};
  char temp_[208] = {};
};

}  // namespace heberg
