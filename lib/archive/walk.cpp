// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive/walk.h"

#include "archive/paths.h"
#include "base/beneath.h"
#include "base/errors.h"
#include "base/list_folder.h"

#include <fcntl.h>

#include <algorithm>
#include <vector>

namespace heberg::archive {
namespace {

std::vector<std::string> sorted_names(int folder, const std::string& shown) {
  const auto entries = list_folder(folder);
  if (entries == nullptr) throw_errno("open", shown);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) throw_errno("read", shown);
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_target(int link, const std::string& shown) {
  std::string target(k_path_max, '\0');
  const ssize_t size = ::readlinkat(link, "", target.data(), target.size());
  if (size < 0) throw_errno("read link", shown);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

class walker {
 public:
  walker(const std::function<void(found_entry&)>& visit,
         const std::function<void(const std::string&, const std::string&)>& left_out,
         const std::optional<account_ids>& by)
      : visit_(visit), left_out_(left_out), by_(by) {}

  // Depth is bounded by is_valid_path, and so are the recursion and the descriptors held.
  void go_through(int folder, const std::string& path) {
    for (const auto& name : sorted_names(folder, path)) {
      const auto inner = path.empty() ? name : path + "/" + name;
      if (!is_valid_path(inner)) {
        left_out_(inner, "the path is too long or too deep");
        continue;
      }
      visit_entry(folder, name, inner);
    }
  }

 private:
  void visit_entry(int folder, const std::string& name, const std::string& path) {
    // O_PATH first: its type is checked before anything is opened that could block or have an effect.
    const unique_fd handle(::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!handle && errno == ENOENT) return;  // gone meanwhile
    if (!handle) throw_errno("open", path);
    found_entry entry;
    entry.path = path;
    if (::fstat(handle.get(), &entry.status) != 0) throw_errno("stat", path);
    if (S_ISLNK(entry.status.st_mode)) {
      entry.target = read_target(handle.get(), path);
      if (!stays_inside(path, entry.target)) return left_out_(path, "a symbolic link that leaves the site's tree");
      return visit_(entry);
    }
    const bool is_folder = S_ISDIR(entry.status.st_mode);
    if (!is_folder && !S_ISREG(entry.status.st_mode)) return left_out_(path, "not a file, folder or symbolic link");
    if (by_ && !can_read(*by_, entry.status)) return left_out_(path, "its account cannot read it");
    // O_NONBLOCK: a process that holds a lease on it (fcntl(2), F_SETLEASE) cannot block us.
    entry.fd = reopen(handle.get(), O_RDONLY | O_NONBLOCK | (is_folder ? O_DIRECTORY : 0));
    if (!entry.fd) throw_errno("open", path);
    visit_(entry);
    if (is_folder) go_through(entry.fd.get(), path);
  }

  const std::function<void(found_entry&)>& visit_;
  const std::function<void(const std::string&, const std::string&)>& left_out_;
  const std::optional<account_ids>& by_;
};

}  // namespace

bool can_read(const account_ids& who, const struct stat& file) noexcept {
  const mode_t wanted = S_ISDIR(file.st_mode) ? 5 : 4;  // rwx of one class
  const unsigned shift = file.st_uid == who.uid ? 6 : file.st_gid == who.gid ? 3 : 0;
  return ((file.st_mode >> shift) & wanted) == wanted;
}

void walk_tree(int top, const std::function<void(found_entry&)>& visit,
               const std::function<void(const std::string& path, const std::string& why)>& left_out,
               const std::optional<account_ids>& by) {
  found_entry entry;
  entry.fd = unique_fd(::fcntl(top, F_DUPFD_CLOEXEC, 0));
  if (!entry.fd || ::fstat(top, &entry.status) != 0) throw_errno("stat", "the site's tree");
  visit(entry);
  walker(visit, left_out, by).go_through(top, "");
}

}  // namespace heberg::archive
