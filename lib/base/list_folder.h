// SPDX-License-Identifier: LGPL-2.1-or-later
// A folder's entries, for readdir(3). Plain libc.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>

namespace heberg {

struct dir_closer {
  void operator()(DIR* entries) const noexcept { ::closedir(entries); }
};
using dir_stream = std::unique_ptr<DIR, dir_closer>;

// The entries of the folder `name` in the open folder `parent`, no link followed. Empty with errno set on failure.
[[nodiscard]] inline dir_stream list_folder(int parent, const char* name) noexcept {
  const int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  dir_stream entries(fd < 0 ? nullptr : ::fdopendir(fd));
  if (fd >= 0 && entries == nullptr) ::close(fd);
  return entries;
}

// Those of an open folder, from its beginning: by a descriptor of their own, because reading moves a position.
[[nodiscard]] inline dir_stream list_folder(int folder) noexcept {
  return list_folder(folder, ".");
}

}  // namespace heberg
