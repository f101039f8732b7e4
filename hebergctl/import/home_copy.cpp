// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/import/home_copy.h"

#include "base/beneath.h"
#include "base/errors.h"
#include "base/list_folder.h"
#include "hebergctl/archive/site_archive.h"
#include "tree/layout.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace heberg::ctl {
namespace {

constexpr std::size_t k_keys_max = 64U << 10U;  // bytes
constexpr int k_open_folder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

void set_owner(int fd, std::uint32_t user, std::uint32_t group, mode_t mode) {
  if (::fchown(fd, user, group) != 0 || ::fchmod(fd, mode) != 0) throw_errno("set owner and mode in", "the new tree");
}

// The first bytes of the owner's keys; empty where there are none.
std::string read_keys(int home) {
  std::string text;
  const unique_fd path =
      open_beneath(home, (std::string(tree::k_ssh_folder) + "/" + tree::k_keys_file).c_str(), O_PATH);
  struct stat status {};
  if (!path || ::fstat(path.get(), &status) != 0 || !S_ISREG(status.st_mode)) return text;
  const unique_fd file = reopen(path.get(), O_RDONLY);
  std::array<char, 4096> block{};
  while (file && text.size() < k_keys_max) {
    const auto count = ::read(file.get(), block.data(), block.size());
    if (count <= 0) break;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  return text;
}

void write_keys(int tree, const std::string& keys, std::uint32_t uid) {
  if (keys.empty()) return;
  if (::mkdirat(tree, tree::k_ssh_folder, 0700) != 0) throw_errno("create", tree::k_ssh_folder);
  const unique_fd folder = open_beneath(tree, tree::k_ssh_folder, k_open_folder);
  if (!folder) throw_errno("open", tree::k_ssh_folder);
  const unique_fd file(::openat(folder.get(), tree::k_keys_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) throw_errno("create", tree::k_keys_file);
  for (std::string_view rest = keys; !rest.empty();) {
    const auto count = ::write(file.get(), rest.data(), rest.size());
    if (count < 0) throw_errno("write", tree::k_keys_file);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  set_owner(file.get(), uid, uid, 0600);
  set_owner(folder.get(), uid, uid, 0700);
}

std::vector<std::string> names_in(int folder) {
  const auto entries = list_folder(folder);
  if (!entries) throw_errno("list", "the new tree");
  std::vector<std::string> names;
  while (const auto* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

// Creates a folder in the tree, under a name that does not exist in the old home.
std::string make_new_folder(int tree) {
  for (int i = 0;; ++i) {
    const auto name = ".www.import" + std::to_string(i);
    if (::mkdirat(tree, name.c_str(), 0700) == 0) return name;
    if (errno != EEXIST) throw_errno("create", name);
  }
}

// The folder may contain the old owner's links: none is followed. A folder called authorized_keys is left.
void remove_keys(int www) {
  const unique_fd folder = open_beneath(www, tree::k_ssh_folder, k_open_folder);
  if (folder && ::unlinkat(folder.get(), tree::k_keys_file, 0) != 0 && errno != ENOENT && errno != EISDIR)
    throw_errno("remove", "www/.ssh/authorized_keys");
}

// Moves everything in the new tree to its www. Old keys there would be served to the public.
void arrange(int tree, const std::string& keys, std::uint32_t uid) {
  const auto fresh = make_new_folder(tree);
  const unique_fd www = open_beneath(tree, fresh.c_str(), k_open_folder);
  if (!www) throw_errno("open", fresh);
  for (const auto& name : names_in(tree)) {
    if (name != fresh && ::renameat(tree, name.c_str(), www.get(), name.c_str()) != 0) throw_errno("move", name);
  }
  remove_keys(www.get());
  set_owner(www.get(), uid, uid, 02755);
  if (::renameat(tree, fresh.c_str(), tree, tree::k_www_folder) != 0) throw_errno("name", tree::k_www_folder);
  write_keys(tree, keys, uid);
  set_owner(tree, 0, uid, 0751);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> copy_home(const settings& settings, int root, const home_copy& what) {
  const unique_fd home(::open(what.home.c_str(), k_open_folder | O_CLOEXEC));
  if (!home) throw_errno("open", what.home);
  unique_fd web;
  if (!what.web_folder.empty()) {
    web = open_beneath(home.get(), what.web_folder.c_str(), k_open_folder);
    if (!web) throw_errno("open", what.home + "/" + what.web_folder);
  }
  const auto file = open_unnamed(settings);
  const archive::head about{
      .site = what.site, .uid = what.uid, .is_locked = false, .lock_reason = {}, .specification = {}};
  auto packed = write_archive(settings, about, web ? web.get() : home.get(), file.get());
  const auto keys = read_keys(home.get());
  write_tree(root, file.get(), archive::contents_of(about, packed), what.site, what.uid,
             [&](int tree) { arrange(tree, keys, what.uid); });
  return std::move(packed.left_out);
}

}  // namespace heberg::ctl
