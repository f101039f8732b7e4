// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/archive/output_file.h"

#include "base/errors.h"
#include "hebergctl/command.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

namespace heberg::ctl {
namespace {

std::string resolve(const std::string& folder) {
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(folder.c_str(), nullptr), ::free);
  if (real == nullptr) throw_errno("open", folder);
  return real.get();
}

// Why another user could put another file in the place of one in this folder; empty: none can.
std::string explain_folder(const struct stat& folder) {
  if (folder.st_uid != 0 && folder.st_uid != ::geteuid()) return "belongs to UID " + std::to_string(folder.st_uid);
  if ((folder.st_mode & S_ISVTX) != 0) return {};
  if ((folder.st_mode & S_IWOTH) != 0) return "is writable by others";
  if ((folder.st_mode & S_IWGRP) != 0 && folder.st_gid != 0) return "is writable by its group";
  return {};
}

// Opens a path without links from the root on, judging each folder by its descriptor.
unique_fd open_judged(const std::string& path, const std::string& file) {
  unique_fd folder(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw_errno("open", "/");
  for (std::size_t at = 0;;) {
    struct stat status {};
    if (::fstat(folder.get(), &status) != 0) throw_errno("stat", path);
    const auto shown = at == 0 ? std::string("/") : path.substr(0, at);
    if (const auto why = explain_folder(status); !why.empty())
      throw refused("cannot write " + file + " safely: the folder " + shown + " " + why +
                    ", who could read or replace the archive: use a folder of root's, such as /var/backups");
    const auto begin = path.find_first_not_of('/', at);
    if (begin == std::string::npos) return folder;
    const auto end = std::min(path.find('/', begin), path.size());
    unique_fd next(::openat(folder.get(), path.substr(begin, end - begin).c_str(),
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) throw_errno("open", path.substr(0, end));
    folder = std::move(next);
    at = end;
  }
}

}  // namespace

output_file::output_file(const std::string& path) {
  const auto slash = path.rfind('/');
  name_ = path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (name_.empty() || name_ == "." || name_ == "..") throw_errno(EISDIR, "create", path);
  const auto parent = slash == std::string::npos ? std::string(".") : path.substr(0, slash + 1);
  folder_ = open_judged(resolve(parent), path);
  part_ = name_ + ".part";
  // Of a run that was killed. What somebody puts there again meanwhile is not opened, but an error (O_EXCL).
  if (::unlinkat(folder_.get(), part_.c_str(), 0) != 0 && errno != ENOENT) throw_errno("remove", path + ".part");
  fd_ = unique_fd(
      ::openat(folder_.get(), part_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!fd_) throw_errno("create", path + ".part");
}

void output_file::commit() {
  if (::renameat(folder_.get(), part_.c_str(), folder_.get(), name_.c_str()) != 0) throw_errno("rename", part_);
  part_.clear();
}

output_file::~output_file() {
  if (!part_.empty()) ::unlinkat(folder_.get(), part_.c_str(), 0);
}

}  // namespace heberg::ctl
