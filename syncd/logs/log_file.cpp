// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/log_file.h"

#include "base/beneath.h"
#include "tree/layout.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace heberg::syncd {
namespace {

std::string judge(const struct stat& file) {
  if (S_ISLNK(file.st_mode)) return "is a symbolic link: not followed";
  if (S_ISDIR(file.st_mode)) return "is a folder";
  if (S_ISFIFO(file.st_mode)) return "is a fifo: not written to";
  if (S_ISSOCK(file.st_mode)) return "is a socket: not written to";
  if (!S_ISREG(file.st_mode)) return "is a device: not written to";
  if (file.st_nlink != 1) return "has a second name (a hard link): not written to";
  return {};
}

std::string reason_of(const char* what, int error) {
  return std::string(what) + ": " + std::strerror(error);
}

opened_log open_folder(int root, const std::string& site) {
  opened_log result;
  const auto path = site + "/" + tree::k_logs_folder;
  result.folder = open_beneath(root, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!result.folder) {
    result.problem = errno == ELOOP || errno == ENOTDIR ? "its folder is a symbolic link or no folder: not followed"
                                                        : reason_of("cannot be opened: its folder", errno);
  }
  return result;
}

}  // namespace

unique_fd open_judged(int folder, const char* name, struct stat& status, std::string& problem) {
  const unique_fd path = open_beneath(folder, name, O_PATH | O_NOFOLLOW);
  if (!path) {
    if (errno != ENOENT) problem = reason_of("cannot be opened", errno);
    return {};
  }
  if (::fstat(path.get(), &status) != 0) return problem = reason_of("cannot be checked", errno), unique_fd();
  if (problem = judge(status); !problem.empty()) return {};
  auto file = reopen(path.get(), O_RDWR | O_NONBLOCK);
  if (!file) problem = reason_of("cannot be opened", errno);
  return file;
}

opened_log log_opener::open(const std::string& site, const char* name) const {
  auto result = open_folder(root, site);
  if (result.folder) result.file = open_judged(result.folder.get(), name, result.status, result.problem);
  return result;
}

opened_log log_opener::open_or_make(const std::string& site, const char* name, std::uint32_t group) const {
  auto result = open(site, name);
  if (result.file || !result.problem.empty()) return result;
  unique_fd made;
  if (const int error = disk->make(result.folder.get(), name, {0, group}, *owners, made);
      error != 0 && error != EEXIST) {
    result.problem = reason_of("cannot be made", error);
    return result;
  }
  result.file = open_judged(result.folder.get(), name, result.status, result.problem);
  if (!result.file && result.problem.empty()) result.problem = "vanishes as it is made";
  return result;
}

}  // namespace heberg::syncd
