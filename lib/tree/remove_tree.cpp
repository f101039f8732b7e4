// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/remove_tree.h"

#include "base/errors.h"
#include "base/list_folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <string_view>
#include <vector>

namespace heberg::tree {
namespace {

// One level of the path down. The owner may have made it deeper than any path is long: so no recursion, no paths, and no
// more than k_open_max descriptors.
struct level {
  std::string name;
  dir_stream entries;
};

dir_stream open_entries(int parent, const std::string& name) {
  auto entries = list_folder(parent, name.c_str());
  if (entries == nullptr) throw_errno("open", name);
  return entries;
}

bool is_dot(std::string_view name) {
  return name == "." || name == "..";
}

// The first subfolder's name; what else was there is gone by then. Empty: nothing is left.
std::string empty_but_folders(DIR* folder) {
  errno = 0;
  while (const dirent* entry = ::readdir(folder)) {
    if (is_dot(entry->d_name)) continue;
    if (::unlinkat(::dirfd(folder), entry->d_name, 0) == 0 || errno == ENOENT) {
      errno = 0;
      continue;
    }
    if (errno == EISDIR) return entry->d_name;
    throw_errno("remove", entry->d_name);
  }
  if (errno != 0) throw_errno("read", "a folder");
  return {};
}

// Too deep to hold them all open: the deepest folder goes to the top, under a name of its own, and is done from there.
constexpr std::size_t k_open_max = 256;

}  // namespace

void remove_tree(int folder, const std::string& name) {
  struct stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return;
    throw_errno("stat", name);
  }
  std::vector<level> way;
  way.push_back({name, open_entries(folder, name)});
  std::size_t moved = 0;
  while (!way.empty()) {
    DIR* const here = way.back().entries.get();
    const auto next = empty_but_folders(here);
    if (next.empty()) {
      const int parent = way.size() > 1 ? ::dirfd(way[way.size() - 2].entries.get()) : folder;
      if (::unlinkat(parent, way.back().name.c_str(), AT_REMOVEDIR) != 0) throw_errno("remove", way.back().name);
      way.pop_back();
      if (!way.empty()) ::rewinddir(way.back().entries.get());
      continue;
    }
    if (way.size() < k_open_max) {
      way.push_back({next, open_entries(::dirfd(here), next)});
      continue;
    }
    const int top = ::dirfd(way.front().entries.get());
    std::string new_name;
    int error = EEXIST;
    while (error == EEXIST) {
      new_name = ".deep." + std::to_string(moved++);
      const int done = ::renameat2(::dirfd(here), next.c_str(), top, new_name.c_str(), RENAME_NOREPLACE);
      error = done == 0 ? 0 : errno;
    }
    if (error != 0) throw_errno(error, "move", next);
    ::rewinddir(here);
  }
}

}  // namespace heberg::tree
