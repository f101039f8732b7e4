// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/inotify.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace heberg {

inotify::inotify() noexcept : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)), error_(fd_ ? 0 : errno) {}

bool inotify::renew() noexcept {
  if (!fd_) {
    fd_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    error_ = fd_ ? 0 : errno;
  }
  return static_cast<bool>(fd_);
}

int inotify::watch(const char* path, std::uint32_t events) noexcept {
  return ::inotify_add_watch(fd_.get(), path, events);
}

void inotify::remove(int watch) noexcept {
  static_cast<void>(::inotify_rm_watch(fd_.get(), watch));
}

bool inotify::next(event& out) noexcept {
  if (at_ == size_) {
    ssize_t size = -1;
    do size = ::read(fd_.get(), buffer_, sizeof buffer_);
    while (size < 0 && errno == EINTR);
    at_ = 0;
    size_ = size > 0 ? static_cast<std::size_t>(size) : 0;  // EAGAIN: that was all
    if (size_ == 0) return false;
  }
  inotify_event header;
  std::memcpy(&header, buffer_ + at_, sizeof header);
  const char* name = buffer_ + at_ + sizeof header;
  out = {header.wd, header.mask, header.len == 0 ? std::string_view() : std::string_view(name)};  // zeros follow a name
  at_ += sizeof header + header.len;
  return true;
}

}  // namespace heberg
