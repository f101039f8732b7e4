// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads SITE/.ssh/authorized_keys, which the site's owner writes: without following a link, only a regular file, only
// so many bytes. As sshd's StrictModes, it refuses a file or folder that others can write. Plain libc.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace heberg::owner_keys {

struct read_result {
  std::size_t size = 0;      // of what is in the buffer
  const char* refused = "";  // why it is not used: the end of a sentence that begins with the file; empty: it is
  int error = 0;             // an errno value that goes with it, or 0
};

// root: the sites' folder. to: room for k_file_max bytes. A file that is not there has no keys and no reason.
[[nodiscard]] read_result read_key_file(const char* root, const char* site, uid_t owner, char* to) noexcept;

}  // namespace heberg::owner_keys
