// SPDX-License-Identifier: LGPL-2.1-or-later
// Goes through a site's tree, in an order that is the same each time, beneath its top folder: by descriptors, following
// no link, opening nothing but folders and regular files. Its owner may change it meanwhile.
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

// A folder comes before what is in it; names are sorted by their bytes. left_out: what is no folder, file or link, or
// has a path that an archive cannot hold. Throws std::system_error.
void walk_tree(int top, const std::function<void(found_entry&)>& visit,
               const std::function<void(const std::string& path, const std::string& why)>& left_out);

}  // namespace heberg::archive
