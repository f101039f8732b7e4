// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace heberg {

int atomic_file::open(int dirfd, std::string_view name, mode_t mode, uid_t owner, gid_t group) noexcept {
  const bool one_component =
      !name.empty() && name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos;
  if (!one_component || name.size() >= sizeof name_) return EINVAL;
  if (fd_) return EBUSY;

  std::memcpy(name_, name.data(), name.size());
  name_[name.size()] = '\0';
  std::snprintf(temp_, sizeof temp_, ".%s.tmp", name_);

  // What a crash left behind is removed first, so that O_EXCL can promise a file of our own making: never a link, never
  // one that somebody else still holds open.
  if (::unlinkat(dirfd, temp_, 0) != 0 && errno != ENOENT) return errno;
  unique_fd fd(::openat(dirfd, temp_, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return errno;
  dirfd_ = dirfd;
  fd_ = static_cast<unique_fd&&>(fd);

  // Owner before mode: chown(2) clears set-id bits, and until the mode is given the file is 0600.
  struct stat now {};
  if (::fstat(fd_.get(), &now) != 0) return errno;
  if ((now.st_uid != owner || now.st_gid != group) && ::fchown(fd_.get(), owner, group) != 0) return errno;
  if (::fchmod(fd_.get(), mode) != 0) return errno;
  return 0;
}

int atomic_file::write(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

int atomic_file::commit() noexcept {
  const int error = place();
  return error != 0 ? error : sync_folder();
}

int atomic_file::commit_new() noexcept {
  const int error = place(RENAME_NOREPLACE);
  return error != 0 ? error : sync_folder();
}

int atomic_file::place() noexcept {
  return place(0);
}

int atomic_file::place(unsigned rename_flags) noexcept {
  if (!fd_) return EBADF;
  if (::fsync(fd_.get()) != 0) return errno;
  if (::renameat2(dirfd_, temp_, dirfd_, name_, rename_flags) != 0) return errno;
  fd_.reset();
  return 0;
}

int atomic_file::sync_folder() const noexcept {
  return ::fsync(dirfd_) == 0 ? 0 : errno;
}

atomic_file::~atomic_file() {
  if (fd_) ::unlinkat(dirfd_, temp_, 0);
}

}  // namespace heberg
