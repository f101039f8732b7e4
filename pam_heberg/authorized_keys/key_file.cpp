// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pam_heberg/authorized_keys/key_file.h"

#include "pam_heberg/authorized_keys/key_lines.h"
#include "base/beneath.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace heberg::owner_keys {
namespace {

constexpr char k_folder[] = ".ssh";
constexpr char k_file[] = "authorized_keys";
constexpr std::size_t k_path_max = 64;

bool is_sound(int fd, uid_t owner, struct stat& status) {
  return ::fstat(fd, &status) == 0 && (status.st_uid == owner || status.st_uid == 0) && (status.st_mode & 022) == 0;
}

read_result refuse(const char* why, int error = 0) {
  return {.size = 0, .refused = why, .error = error};
}

// What open_beneath() met.
read_result explain(int error) {
  if (error == ENOENT) return {};
  if (error == ELOOP || error == ENOTDIR) return refuse("is a symbolic link, or below one");
  return refuse("cannot be opened", error);
}

}  // namespace

read_result read_key_file(const char* root, const char* site, uid_t owner, char* to) noexcept {
  char path[k_path_max];
  const int length = std::snprintf(path, sizeof path, "%s/%s", site, k_folder);
  if (length < 0 || static_cast<std::size_t>(length) >= sizeof path) return refuse("is of no site");
  const unique_fd sites(::open(root, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!sites) return refuse("cannot be opened: no folder of the sites", errno);
  const auto folder = open_beneath(sites.get(), path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!folder) return explain(errno);
  struct stat status {};
  if (!is_sound(folder.get(), owner, status))
    return refuse("is in a folder that is not the site's, or that others can write: chmod 700 .ssh");
  // Judged before it is opened: the opening of a device may do something.
  const auto judged = open_beneath(folder.get(), k_file, O_PATH | O_NOFOLLOW);
  if (!judged) return explain(errno);
  if (::fstat(judged.get(), &status) != 0) return refuse("cannot be opened", errno);
  if (S_ISLNK(status.st_mode)) return refuse("is a symbolic link, or below one");
  if (!S_ISREG(status.st_mode)) return refuse("is not a regular file");
  if (!is_sound(judged.get(), owner, status))
    return refuse("is not the site's, or others can write it: chmod 600 .ssh/authorized_keys");
  const auto file = reopen(judged.get(), O_RDONLY | O_NONBLOCK);
  if (!file) return refuse("cannot be opened", errno);
  read_result result;
  for (;;) {
    // One byte more than is used: it may have grown since it was judged.
    char more = 0;
    const bool is_full = result.size == k_file_max;
    const auto got =
        is_full ? ::read(file.get(), &more, 1) : ::read(file.get(), to + result.size, k_file_max - result.size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse("cannot be read", errno);
    if (got == 0) return result;
    if (is_full) return refuse("is larger than 64 KB");
    result.size += static_cast<std::size_t>(got);
  }
}

}  // namespace heberg::owner_keys
