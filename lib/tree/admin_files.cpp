// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/admin_files.h"

#include "base/atomic_file.h"
#include "base/beneath.h"
#include "base/errors.h"
#include "tree/keys.h"
#include "tree/password_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <initializer_list>
#include <stdexcept>
#include <utility>

namespace heberg::tree {
namespace {

constexpr char k_shown[] = ".heberg/authorized_keys";

void check_folder(int folder, const ownership& owners) {
  struct stat status {};
  if (::fstat(folder, &status) != 0) throw_errno("stat", k_secrets_folder);
  if (owners.of(status).uid != 0 || (status.st_mode & 022) != 0)
    throw std::runtime_error("its folder .heberg does not belong to root, or others can write to it");
}

void check_file(const struct stat& file, const ownership& owners) {
  if (!S_ISREG(file.st_mode) || owners.of(file).uid != 0 || file.st_nlink != 1 || (file.st_mode & 022) != 0)
    throw std::runtime_error(std::string(k_shown) +
                             " is not a regular file of root's with one link and writable by root only");
  if (std::cmp_greater(file.st_size, k_keys_file_max))
    throw std::runtime_error(std::string(k_shown) + " is larger than 64 KB");
}

void replace_file(int folder, const char* name, mode_t mode, std::initializer_list<std::string_view> parts,
                  ownership& owners) {
  check_folder(folder, owners);
  const auto check = [&](int error, const char* operation) {
    if (error != 0) throw_errno(error, operation, std::string(k_secrets_folder) + "/" + name);
  };
  atomic_file file;
  // A new file has the process's own IDs; `owners` changes them to root's, as all ownership here.
  check(file.open(folder, name, mode, ::geteuid(), ::getegid()), "open");
  check(owners.change(file.fd(), {0, 0}), "chown");
  for (const auto part : parts) check(file.write(part), "write");
  check(file.commit(), "commit");
}

}  // namespace

std::string read_keys(int folder, const ownership& owners) {
  check_folder(folder, owners);
  // O_NONBLOCK: opening a fifo must not wait; check_file() refuses it.
  const unique_fd file = open_beneath(folder, k_keys_file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) {
    if (errno == ENOENT) return {};
    throw_errno("open", k_shown);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("stat", k_shown);
  check_file(status, owners);
  std::string text(k_keys_file_max, '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  if (size < 0) throw_errno("read", k_shown);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

void replace_keys(int folder, std::string_view text, ownership& owners) {
  if (text.size() > k_keys_file_max) throw std::runtime_error(std::string(k_shown) + " would be larger than 64 KB");
  replace_file(folder, k_keys_file, 0644, {text}, owners);
}

void replace_password(int folder, const secret& line, ownership& owners) {
  replace_file(folder, k_password_file, 0600, {line.view(), "\n"}, owners);
}

}  // namespace heberg::tree
