// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/open_file.h"

#include "directory/crc32.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace heberg::directory {

status open_file::open(const source& from) noexcept {
  // O_NOFOLLOW: the files are renamed into place, so a link is not the writer's work (the folders above may well be
  // mounts or links). O_NONBLOCK: a pipe in the file's place must not stop a login.
  fd_ = unique_fd(::open(from.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!fd_) return errno == ELOOP ? status::untrusted : status::missing;

  struct stat st;
  if (::fstat(fd_.get(), &st) != 0) return status::missing;
  if (!S_ISREG(st.st_mode) || st.st_uid != from.owner || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return status::untrusted;
  }
  if (st.st_size < k_records_begin || st.st_size > static_cast<off_t>(k_file_max)) return status::damaged;
  identity_ = {st.st_dev, st.st_ino, st.st_ctim.tv_sec, st.st_ctim.tv_nsec};
  magic_ = magic_of(from.kind);
  size_ = static_cast<std::uint32_t>(st.st_size);
  block_count_ = directory::block_count(size_);
  return status::found;
}

bool open_file::read_block(std::uint32_t index, index_block& out) const noexcept {
  const std::uint32_t blocks_begin = size_ - block_count_ * k_block_size;
  char* const bytes = out.bytes_;
  if (!read(bytes, k_block_size, blocks_begin + index * k_block_size)) return false;
  const std::uint32_t sum = crc32({bytes + sizeof(std::uint32_t), k_block_size - sizeof(std::uint32_t)});
  return load_number(bytes + k_at_crc) == sum && load_number(bytes + k_at_magic) == magic_ &&
         load_number(bytes + k_at_file_size) == size_ && load_number(bytes + k_at_index) == index &&
         out.records_end() >= k_records_begin && out.records_end() <= blocks_begin &&
         out.entry_count() <= k_entries_max;
}

bool open_file::read(char* to, std::uint32_t size, std::uint32_t position) const noexcept {
  while (size > 0) {
    const ssize_t n = ::pread(fd_.get(), to, size, position);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    to += n;
    position += static_cast<std::uint32_t>(n);
    size -= static_cast<std::uint32_t>(n);
  }
  return true;
}

}  // namespace heberg::directory
