// SPDX-License-Identifier: LGPL-2.1-or-later
// Ownership without root: every file is root's until change() says otherwise, whoever runs the test.
#pragma once

#include "tree/ownership.h"

#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

namespace heberg::test {

class fake_owners final : public tree::ownership {
 public:
  [[nodiscard]] tree::file_owner of(const struct stat& file) const override {
    const std::lock_guard lock(mutex_);
    const auto found = owners_.find({file.st_dev, file.st_ino});
    return found == owners_.end() ? tree::file_owner{0, 0} : found->second;
  }

  [[nodiscard]] int change(int fd, tree::file_owner owner) override {
    if (changes_until_failure == 0) return EPERM;
    if (changes_until_failure > 0) --changes_until_failure;
    struct stat file {};
    if (::fstat(fd, &file) != 0) return errno;
    const std::lock_guard lock(mutex_);
    owners_[{file.st_dev, file.st_ino}] = owner;
    return 0;
  }

  void set(const std::filesystem::path& path, tree::file_owner owner) { owners_[key(path)] = owner; }
  [[nodiscard]] tree::file_owner of(const std::filesystem::path& path) const {
    const auto found = owners_.find(key(path));
    return found == owners_.end() ? tree::file_owner{0, 0} : found->second;
  }

  int changes_until_failure = -1;  // never

 private:
  using inode = std::pair<dev_t, ino_t>;

  static inode key(const std::filesystem::path& path) {
    struct stat file {};
    if (::lstat(path.c_str(), &file) != 0)
      throw std::filesystem::filesystem_error("lstat", path, std::error_code(errno, std::generic_category()));
    return {file.st_dev, file.st_ino};
  }

  mutable std::mutex mutex_;  // the hasher's thread stores passwords
  std::map<inode, tree::file_owner> owners_;
};

}  // namespace heberg::test
