// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/open_file.h"

#include "directory/record.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace heberg::directory {

static_assert(first_record_size(file_kind::shadow) <= first_record_size(file_kind::accounts));

status open_file::open(const source& from) noexcept {
  // O_NOFOLLOW: the files are renamed into place, so a link is not the writer's work (the folders above may well be
  // mounts or links). O_NONBLOCK: a pipe in the file's place must not stop a login.
  fd_ = unique_fd(::open(from.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!fd_) return errno == ELOOP ? status::untrusted : status::missing;

  struct stat st;
  if (::fstat(fd_.get(), &st) != 0) return status::missing;
  if (!S_ISREG(st.st_mode) || st.st_uid != from.owner || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return status::untrusted;
  identity_ = {st.st_dev, st.st_ino, st.st_ctim.tv_sec, st.st_ctim.tv_nsec};

  const std::uint32_t head_size = k_toc_size + first_record_size(from.kind);
  if (st.st_size < static_cast<off_t>(head_size) || st.st_size > static_cast<off_t>(k_file_max)) return status::damaged;
  if (!read(head_, head_size, 0)) return status::damaged;
  const std::string_view first(head_ + k_toc_size, head_size - k_toc_size);
  if (!check_first_record(from.kind, first, static_cast<std::uint64_t>(st.st_size))) return status::damaged;
  return status::found;
}

// From the number of accounts and the place of the tables follows the size of everything, so of the file.
bool open_file::check_first_record(file_kind kind, std::string_view bytes, std::uint64_t file_size) noexcept {
  record first;
  if (read_record(bytes, first) != record_state::whole || first.size != bytes.size() || first.key != k_first_key)
    return false;
  const std::string_view title = title_of(kind);
  if (!first.line.starts_with(title)) return false;
  const std::string_view numbers = slice(first.line, title.size());
  const bool sound = numbers.size() == 2 * k_number_size + 1 && numbers[k_number_size] == ' ' &&
                     read_hex(slice(numbers, 0, k_number_size), count_) &&
                     read_hex(slice(numbers, k_number_size + 1), tables_);
  if (!sound) return false;
  records_ = k_toc_size + first.size;
  const std::uint64_t size = tables_size(kind, count_);
  if (tables_ < records_ || tables_ + size + checks_size(size) != file_size) return false;
  checks_ = static_cast<std::uint32_t>(tables_ + size);
  return true;
}

// The tables lie one behind the other, from where the first record says to where the checks begin: so each number of
// the table of contents has a second witness.
bool open_file::find_table(std::uint32_t index, table& out) const noexcept {
  const std::uint64_t begin = table_begin(index);
  const std::uint64_t slots = load_number(head_ + index * k_pair_size + sizeof(std::uint32_t));
  const std::uint64_t end = begin + slots * k_pair_size;
  const std::uint64_t before_slots = index == 0 ? 0 : load_number(head_ + index * k_pair_size - sizeof(std::uint32_t));
  const std::uint64_t before = index == 0 ? tables_ : table_begin(index - 1) + before_slots * k_pair_size;
  const std::uint64_t next = index + 1 == k_table_count ? checks_ : table_begin(index + 1);
  if (begin != before || end != next || begin < tables_ || end > checks_) return false;
  out = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(slots)};
  return true;
}

std::uint64_t open_file::table_begin(std::uint32_t index) const noexcept {
  return load_number(head_ + index * k_pair_size);
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
