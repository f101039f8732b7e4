// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/log_disk.h"

#include "base/beneath.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace heberg::syncd {

int log_disk::make(int folder, const char* name, tree::file_owner owner, tree::ownership& owners, unique_fd& made) {
  made = open_beneath(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!made) return errno;
  int error = owners.change(made.get(), owner);
  if (error == 0 && ::fchmod(made.get(), 0640) != 0) error = errno;
  if (error != 0) {
    ::unlinkat(folder, name, 0);
    made.reset();
  }
  return error;
}

ssize_t log_disk::write(int file, std::string_view bytes, off_t at) {
  for (;;) {
    const auto size = ::pwrite(file, bytes.data(), bytes.size(), at);
    if (size >= 0) return size;
    if (errno != EINTR) return -errno;
  }
}

int log_disk::truncate(int file, off_t size) {
  return ::ftruncate(file, size) == 0 ? 0 : errno;
}

int log_disk::sync(int file) {
  return ::fdatasync(file) == 0 ? 0 : errno;
}

int log_disk::rename_new(int folder, const char* from, const char* to) {
  return ::renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

std::string explain_no_room(std::uint64_t free_blocks, std::uint64_t blocks, std::uint32_t min_free) {
  if (min_free == 0 || blocks == 0 || free_blocks >= blocks / 100 * min_free) return {};
  return "less than " + std::to_string(min_free) +
         " per cent of the sites' disk is free: free some of it, or set logs.min_free";
}

std::string explain_no_room(int folder, std::uint32_t min_free) {
  struct statvfs disk {};
  if (min_free == 0 || ::fstatvfs(folder, &disk) != 0) return {};
  return explain_no_room(disk.f_bavail, disk.f_blocks, min_free);
}

}  // namespace heberg::syncd
