// SPDX-License-Identifier: LGPL-2.1-or-later
// Opening paths in folders that a site's owner can write to. Nothing that root does below a site's tree may follow a
// link or leave the tree: openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS (Linux 5.6).
// Plain libc.
#pragma once

#include "base/unique_fd.h"

#include <sys/types.h>

namespace heberg {

// Like openat(2) with O_CLOEXEC added; path is relative and NUL-terminated. An empty unique_fd with errno set on
// failure: ELOOP for a link, EXDEV for a path that leaves the folder.
[[nodiscard]] unique_fd open_beneath(int dirfd, const char* path, int flags, mode_t mode = 0) noexcept;

// Like open_beneath(), but as a process sees it whose root is that folder: "/" and ".." at its top, and links, lead to
// places in it (RESOLVE_IN_ROOT). For the root of a container.
[[nodiscard]] unique_fd open_in_root(int dirfd, const char* path, int flags) noexcept;

// Opens what an O_PATH descriptor names, whatever bears its name by now: it was judged (fstat), and is to be read or
// written. O_CLOEXEC and O_NOCTTY are added. Empty with errno set on failure.
[[nodiscard]] unique_fd reopen(int path_fd, int flags) noexcept;

}  // namespace heberg
