// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/writer.h"

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/unique_fd.h"
#include "directory/image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace heberg::directory {
namespace {

struct target {
  const char* name;
  mode_t mode;
  uid_t owner;
  gid_t group;
};

unique_fd open_folder(const std::string& path) {
  const bool made = ::mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) throw_errno("make folder", path);
  unique_fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw_errno("open", path);
  if (made && ::fchmod(folder.get(), 0755) != 0) throw_errno("chmod", path);  // whatever the umask
  return folder;
}

// Whether the file is there already, byte for byte, as readers would take it. In doubt it is written again.
bool is_published(int folder, const target& to, std::string_view image) {
  const unique_fd fd(::openat(folder, to.name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) return false;
  if ((st.st_mode & 07777) != to.mode || st.st_uid != to.owner || st.st_gid != to.group) return false;
  if (static_cast<std::size_t>(st.st_size) != image.size()) return false;
  std::string chunk(std::min<std::size_t>(image.size(), 1U << 20), '\0');
  while (!image.empty()) {
    const ssize_t n = ::read(fd.get(), chunk.data(), std::min(chunk.size(), image.size()));
    if (n <= 0 || image.substr(0, static_cast<std::size_t>(n)) !=
                      std::string_view(chunk).substr(0, static_cast<std::size_t>(n))) {
      return false;
    }
    image.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// One of the two files, on its way. Both are written before either is waited for: the disk takes them together.
class publication {
 public:
  // Writes the new file beside the old one, unless that says the same.
  void stage(int folder, const std::string& path, const target& to, std::string_view image) {
    if (is_published(folder, to, image)) return;
    object_ = path + "/" + to.name;
    if (const int error = file_.open(folder, to.name, to.mode, to.owner, to.group); error != 0)
      throw_errno(error, "create", object_);
    if (const int error = file_.write(image); error != 0) throw_errno(error, "write", object_);
    (void)::sync_file_range(file_.fd(), 0, 0,
                            SYNC_FILE_RANGE_WRITE);  // starts the write only; fsync reports its result
  }

  // True where there was something to put in place.
  bool place() {
    if (object_.empty()) return false;
    if (const int error = file_.place(); error != 0) throw_errno(error, "publish", object_);
    return true;
  }

 private:
  atomic_file file_;
  std::string object_;
};

}  // namespace

bool publish(const std::string& path, std::span<const account> accounts, const owners& owners) {
  const images made = make_images(accounts);
  const unique_fd folder = open_folder(path);
  publication shadow;
  publication passwd;
  shadow.stage(folder.get(), path, {k_shadow_file, 0640, owners.owner, owners.shadow_group}, made.shadow);
  passwd.stage(folder.get(), path, {k_accounts_file, 0644, owners.owner, owners.accounts_group}, made.accounts);
  const bool shadow_changed = shadow.place();
  const bool accounts_changed = passwd.place();
  if (!shadow_changed && !accounts_changed) return false;
  if (::fsync(folder.get()) != 0) throw_errno("publish", path);
  return true;
}

}  // namespace heberg::directory
