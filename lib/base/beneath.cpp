// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>

namespace heberg {

namespace {

unique_fd open_resolved(int dirfd, const char* path, int flags, mode_t mode, std::uint64_t resolve) noexcept {
  // Unlike openat(2), openat2(2) refuses a mode where nothing can be created, and flags it does not know.
  const bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.mode = creates ? mode : 0;
  how.resolve = resolve;
  // glibc 2.36 has no wrapper. The kernel says EAGAIN where it met a rename on the way up; there is no ".." to go up
  // by in our paths, but a caller's path may hold one: a few attempts, then the error stands.
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, dirfd, path, &how, sizeof how);
    if (fd >= 0) return unique_fd(static_cast<int>(fd));
    if (errno != EAGAIN || attempt == 8) return unique_fd();
  }
}

}  // namespace

unique_fd open_beneath(int dirfd, const char* path, int flags, mode_t mode) noexcept {
  return open_resolved(dirfd, path, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

unique_fd open_in_root(int dirfd, const char* path, int flags) noexcept {
  return open_resolved(dirfd, path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

unique_fd reopen(int path_fd, int flags) noexcept {
  char self[32];
  std::snprintf(self, sizeof self, "/proc/self/fd/%d", path_fd);
  return unique_fd(::open(self, flags | O_CLOEXEC | O_NOCTTY));
}

}  // namespace heberg
