// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/password_file.h"

#include "base/atomic_file.h"
#include "base/beneath.h"
#include "base/errors.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cstring>

namespace heberg::tree {
namespace {

std::int64_t nanoseconds(const timespec& t) {
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

fingerprint fingerprint_of(const struct stat& file) {
  return {.device = file.st_dev,
          .inode = file.st_ino,
          .size = file.st_size,
          .mtime_ns = nanoseconds(file.st_mtim),
          .ctime_ns = nanoseconds(file.st_ctim)};
}

std::string check_folder(const struct stat& folder, const ownership& owners) {
  if (owners.of(folder).uid != 0) return "its folder .heberg does not belong to root";
  if ((folder.st_mode & 022) != 0) return "its folder .heberg is writable by others than root";
  return {};
}

std::string check_file(const struct stat& file, const ownership& owners) {
  if (S_ISLNK(file.st_mode)) return "it is a symbolic link";
  if (!S_ISREG(file.st_mode)) return "it is not a regular file";
  if (owners.of(file).uid != 0) return "it does not belong to root";
  if ((file.st_mode & 077) != 0) return "it is open to others than root (chmod 0600)";
  if (file.st_nlink != 1) return "it has more than one link (a hard link)";
  if (std::cmp_greater(file.st_size, k_password_file_max)) return "it is larger than 4096 bytes";
  return {};
}

std::string reason_of(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);
}

// The wiped buffer is larger than the largest file, so that one that grows meanwhile is noticed.
struct wiped_buffer {
  std::array<char, k_password_file_max + 1> bytes{};
  ~wiped_buffer() { ::explicit_bzero(bytes.data(), bytes.size()); }
};

std::string_view first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

password_file_state read_line(int path_fd, const struct stat& checked) {
  const auto file = reopen(path_fd, O_RDONLY);
  if (!file) return file_unreadable{reason_of("open")};
  wiped_buffer buffer;
  std::size_t size = 0;
  while (size < buffer.bytes.size()) {
    const ssize_t n = ::read(file.get(), buffer.bytes.data() + size, buffer.bytes.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_unreadable{reason_of("read")};
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  struct stat now {};
  if (::fstat(file.get(), &now) != 0) return file_unreadable{reason_of("stat")};
  // Somebody is writing it at this moment: what was read may be half of it. Closing it causes the next read.
  if (fingerprint_of(now) != fingerprint_of(checked)) return file_unreadable{"it is being written"};
  return file_line{fingerprint_of(checked), secret(first_line({buffer.bytes.data(), size}))};
}

}  // namespace

unique_fd open_secrets_folder(int root, const std::string& site) {
  const std::string path = site + "/" + k_secrets_folder;
  return open_beneath(root, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

password_file_state read_password_file(int folder, const std::optional<fingerprint>& known, const ownership& owners) {
  struct stat status {};
  if (::fstat(folder, &status) != 0) return file_unreadable{reason_of("stat .heberg")};
  if (auto reason = check_folder(status, owners); !reason.empty()) return file_refused{std::nullopt, std::move(reason)};

  const unique_fd file = open_beneath(folder, k_password_file, O_PATH | O_NOFOLLOW);
  if (!file) {
    if (errno == ENOENT) return file_absent{};
    return file_unreadable{reason_of("open")};
  }
  if (::fstat(file.get(), &status) != 0) return file_unreadable{reason_of("stat")};
  const auto now = fingerprint_of(status);
  if (known == now) return file_unchanged{};
  if (auto reason = check_file(status, owners); !reason.empty()) return file_refused{now, std::move(reason)};
  return read_line(file.get(), status);
}

std::optional<fingerprint> store_password(int folder, const secret& password, ownership& owners) {
  const auto check = [](int error, const char* operation) {
    if (error != 0) throw_errno(error, operation, ".heberg/password");
  };
  atomic_file file;
  // A new file has the process's own IDs; `owners` changes them to root's, as all ownership here.
  check(file.open(folder, k_password_file, 0600, ::geteuid(), ::getegid()), "open");
  check(owners.change(file.fd(), {0, 0}), "chown");
  check(file.write(password.view()), "write");
  check(file.write("\n"), "write");
  const unique_fd written(::fcntl(file.fd(), F_DUPFD_CLOEXEC, 0));
  if (!written) throw_errno("dup", ".heberg/password");
  const int error = file.commit_new();
  if (error == EEXIST) return std::nullopt;
  check(error, "commit");
  struct stat status {};
  if (::fstat(written.get(), &status) != 0) throw_errno("stat", ".heberg/password");  // after the rename: it sets ctime
  return fingerprint_of(status);
}

}  // namespace heberg::tree
