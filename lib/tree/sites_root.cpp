// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/sites_root.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace heberg::tree {
namespace {

std::string check(const std::string& path, const struct stat& folder, const ownership& owners) {
  const std::string consequence = ": sshd would refuse every session below it (";
  if (owners.of(folder).uid != 0) {
    return path + " belongs to uid " + std::to_string(owners.of(folder).uid) + ", not to root" + consequence +
           "chown root " + path + ")";
  }
  if ((folder.st_mode & S_IWGRP) != 0)
    return path + " is writable by its group" + consequence + "chmod g-w " + path + ")";
  if ((folder.st_mode & S_IWOTH) != 0) return path + " is writable by others" + consequence + "chmod o-w " + path + ")";
  return {};
}

root_problem cannot(const std::string& what, const std::string& path, int error) {
  if (error == ELOOP || error == ENOTDIR) {
    return {path + " is a symbolic link or not a folder: set sites.root to the real path"};
  }
  return {what + " " + path + ": " + std::strerror(error)};
}

bool is_within(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/');
}

}  // namespace

std::variant<shared_fd, root_problem> open_sites_root(const std::string& path, const ownership& owners, make_root make,
                                                      const std::string& trusted) {
  if (!path.starts_with('/')) return root_problem{"sites.root " + path + " is not an absolute path"};
  unique_fd folder(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return cannot("open", "/", errno);

  std::string walked;
  for (std::size_t at = 0;;) {
    const std::string shown = walked.empty() ? "/" : walked;
    struct stat status {};
    if (::fstat(folder.get(), &status) != 0) return cannot("stat", shown, errno);
    if (trusted.empty() || !is_within(trusted, walked)) {
      if (auto reason = check(shown, status, owners); !reason.empty()) return root_problem{std::move(reason)};
    }
    at = path.find_first_not_of('/', at);
    if (at == std::string::npos) return std::make_shared<const unique_fd>(std::move(folder));

    const auto end = std::min(path.find('/', at), path.size());
    const auto part = path.substr(at, end - at);
    at = end;
    walked += "/" + part;
    const bool is_last = path.find_first_not_of('/', at) == std::string::npos;
    // Made with its mode at once: nobody can be inside before it is checked above.
    if (is_last && make == make_root::yes && ::mkdirat(folder.get(), part.c_str(), 0755) != 0 && errno != EEXIST) {
      return cannot("make", walked, errno);
    }
    unique_fd next(::openat(folder.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next && errno == ENOENT && is_last) return root_problem{walked + " does not exist", true};
    if (!next) return cannot("open", walked, errno);
    folder = std::move(next);
  }
}

}  // namespace heberg::tree
