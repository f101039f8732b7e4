// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/import/home_copy.h"

#include "archive/walk.h"
#include "base/beneath.h"
#include "base/errors.h"
#include "base/list_folder.h"
#include "base/names.h"
#include "hebergctl/archive/site_archive.h"
#include "tree/layout.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string_view>

namespace heberg::ctl {
namespace {

constexpr std::size_t k_keys_max = 64U << 10U;  // bytes
constexpr int k_open_folder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

void set_owner(int fd, std::uint32_t user, std::uint32_t group, mode_t mode) {
  if (::fchown(fd, user, group) != 0 || ::fchmod(fd, mode) != 0) throw_errno("set owner and mode in", "the new tree");
}

// The first bytes of the owner's keys; empty where there are none.
std::string read_keys(int home, const archive::account_ids& account) {
  std::string text;
  std::string inner = tree::k_ssh_folder;
  inner += '/';
  inner += tree::k_keys_file;
  const unique_fd path = open_beneath(home, inner.c_str(), O_PATH);
  struct stat status {};
  if (!path || ::fstat(path.get(), &status) != 0 || !S_ISREG(status.st_mode) || !archive::can_read(account, status))
    return text;
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

// No home of a user is there.
constexpr std::array<std::string_view, 13> k_system_folders = {
    "/etc", "/root", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/boot", "/dev", "/proc", "/sys", "/run", "/var/run"};

bool is_within(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

std::string real_path_of(int fd, const std::string& shown) {
  std::string path(4096, '\0');
  const auto size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  if (size < 0) throw_errno("read the path of", shown);
  path.resize(static_cast<std::size_t>(size));
  return path;
}

archive::account_ids reader_of(const home_copy& what, const struct stat& home) {
  const auto uid = what.old_uid.value_or(home.st_uid);
  return {uid, what.old_gid.value_or(uid)};
}

// The account that the home is read as. Throws where it is no home of the account's.
archive::account_ids judge_home(const home_copy& what, int home) {
  struct stat status {};
  if (::fstat(home, &status) != 0) throw_errno("stat", what.home);
  if (const auto why = explain_home(what, real_path_of(home, what.home), status); !why.empty())
    throw std::runtime_error(what.site + ": its home " + what.home + " is not copied: " + why);
  return reader_of(what, status);
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
  set_owner(tree, 0, uid, 0750);
}

}  // namespace

std::string explain_home(const home_copy& what, const std::string& real_path, const struct stat& home) {
  const std::string remedy = "; correct it, or leave the account out (--except)";
  if (real_path.find('/', 1) == std::string::npos) return real_path + " is a folder of the system" + remedy;
  for (const auto folder : k_system_folders) {
    if (is_within(real_path, folder)) return real_path + " is in the system's folder " + std::string(folder) + remedy;
  }
  const auto belongs = "it belongs to UID " + std::to_string(home.st_uid);
  const auto account = reader_of(what, home);
  if (!is_site_id(account.uid)) return belongs + ", not to a user" + remedy;
  const bool is_chroot = home.st_uid == 0 && real_path.ends_with("/" + what.site);
  if (home.st_uid != account.uid && !is_chroot)
    return belongs + ", not to the account's UID " + std::to_string(account.uid) + remedy;
  if (!archive::can_read(account, home)) return "the account cannot read it" + remedy;
  return {};
}

std::vector<std::pair<std::string, std::string>> copy_home(const settings& settings, int root, const home_copy& what) {
  const unique_fd home(::open(what.home.c_str(), k_open_folder | O_CLOEXEC));
  if (!home) throw_errno("open", what.home);
  const auto account = judge_home(what, home.get());
  unique_fd web;
  if (!what.web_folder.empty()) {
    web = open_beneath(home.get(), what.web_folder.c_str(), k_open_folder);
    if (!web) throw_errno("open", what.home + "/" + what.web_folder);
    struct stat status {};
    if (::fstat(web.get(), &status) != 0) throw_errno("stat", what.home + "/" + what.web_folder);
    if (!archive::can_read(account, status))
      throw std::runtime_error(what.site + ": " + what.home + "/" + what.web_folder +
                               " is not copied: the account cannot read it");
  }
  const auto file = open_unnamed(settings);
  const archive::head about{
      .site = what.site, .uid = what.uid, .is_locked = false, .lock_reason = {}, .specification = {}};
  auto packed =
      write_archive(settings, about, web ? web.get() : home.get(), file.get(), archive::compression::zstd, {}, account);
  const auto keys = read_keys(home.get(), account);
  write_tree(root, file.get(), archive::contents_of(about, packed), what.site, what.uid,
             [&](int tree) { arrange(tree, keys, what.uid); });
  return std::move(packed.left_out);
}

}  // namespace heberg::ctl
