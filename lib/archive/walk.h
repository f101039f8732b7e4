// SPDX-License-Identifier: LGPL-2.1-or-later
// Walks a site's tree in a fixed order, beneath its top folder: by descriptors, following no link, opening only folders
// and regular files. The site's owner may change the tree meanwhile.
#pragma once

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
// folder, file or link, or whose path an archive cannot contain. Throws std::system_error.
void walk_tree(int top, const std::function<void(found_entry&)>& visit,
               const std::function<void(const std::string& path, const std::string& why)>& left_out);

}  // namespace heberg::archive
