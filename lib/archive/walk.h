// SPDX-License-Identifier: LGPL-2.1-or-later
// Walks a site's tree in a fixed order, beneath its top folder: by descriptors, following no link, opening only folders
// and regular files. The site's owner may change the tree meanwhile.
#pragma once

#include "archive/manifest.h"
#include "base/unique_fd.h"

#include <sys/stat.h>

#include <functional>
#include <string>

namespace heberg::archive {

struct found_entry {
  std::string path;  // "" is the top itself
  struct stat status {};
  unique_fd fd;        // open for reading: a folder, a regular file; else empty
  std::string target;  // of a symbolic link
};

// A folder comes before its content; names are sorted by their bytes. left_out is called for everything that is no
// folder, file or link, or whose path an archive cannot contain, or that `by` cannot read: such a folder with all that is
// in it. Throws std::system_error.
void walk_tree(int top, const std::function<void(found_entry&)>& visit,
               const std::function<void(const std::string& path, const std::string& why)>& left_out,
               const std::optional<account_ids>& by = std::nullopt);

// By owner, group and mode (no ACL): a file to be read, a folder to be listed and passed. Pure.
[[nodiscard]] bool can_read(const account_ids& who, const struct stat& file) noexcept;

}  // namespace heberg::archive
