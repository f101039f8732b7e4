// SPDX-License-Identifier: LGPL-2.1-or-later
// inotify(7): one instance, its watches, its events one by one. Plain libc: errors are errno values.
#pragma once

#include "base/unique_fd.h"

#include <sys/inotify.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace heberg {

class inotify {
 public:
  // Without an instance (fs.inotify.max_user_instances) fd() is -1, and nothing can be watched.
  inotify() noexcept;

  // Asks once more for an instance where there is none. True: there is one now.
  bool renew() noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] int error() const noexcept { return error_; }  // why there is no instance; 0: there is one

  // A watch descriptor; the same one for a folder that is watched already. -1 with errno set on failure.
  [[nodiscard]] int watch(const char* path, std::uint32_t events) noexcept;
  void remove(int watch) noexcept;  // an event with IN_IGNORED follows

  struct event {
    int watch = -1;
    std::uint32_t mask = 0;      // IN_…
    std::string_view name = {};  // in the watched folder; empty: the folder itself. Valid until the next call.
    [[nodiscard]] bool is_overflow() const noexcept { return (mask & IN_Q_OVERFLOW) != 0; }  // events were dropped
  };
  // The next event that has come; does not wait. False: there is none now.
  [[nodiscard]] bool next(event& out) noexcept;

 private:
  unique_fd fd_;
  int error_ = 0;
  std::size_t size_ = 0;  // of what the buffer holds
  std::size_t at_ = 0;
  alignas(inotify_event) char buffer_[16 * 1024];
};

}  // namespace heberg
