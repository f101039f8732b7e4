// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/site_trees.h"

#include "base/beneath.h"
#include "base/list_folder.h"
#include "base/names.h"
#include "tree/layout.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace heberg::tree {
namespace {

constexpr int k_open_folder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

struct folder_rule {
  const char* name;
  bool is_sites;  // owned by the site, not by root
  mode_t mode;
};

// Not for others: any user of the host could read the sites' files. (A session is in the site's group, and a container
// mounts www itself.)
constexpr folder_rule k_top = {"", false, 0750};
constexpr mode_t k_old_top_mode = 0751;  // of trees and archives that earlier versions made
constexpr folder_rule k_dev = {k_dev_folder, false, 0755};
constexpr std::array<folder_rule, 5> k_folders = {{
    {k_www_folder, true, 02755},
    {k_logs_folder, false, 0750},
    {k_ssh_folder, true, 0700},
    {k_secrets_folder, false, 0750},
    k_dev,
}};

file_owner wanted_owner(const folder_rule& rule, std::uint32_t id) {
  return {rule.is_sites ? id : 0, id};
}

std::string mode_text(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

std::string owner_text(file_owner owner) {
  return std::to_string(owner.uid) + ":" + std::to_string(owner.gid);
}

bool is_dot(std::string_view name) {
  return name == "." || name == "..";
}

// True where it has no entries, or only one of that name. False too where it cannot be read.
bool holds_at_most(int folder, std::string_view allowed) {
  const auto entries = list_folder(folder);
  if (entries == nullptr) return false;
  errno = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    if (!is_dot(entry->d_name) && entry->d_name != allowed) return false;
  }
  return errno == 0;
}

enum class tree_mode { make, repair, inspect };

// One pass over one site's tree.
class tree_pass {
 public:
  tree_pass(int root, std::string path, std::uint32_t id, tree_mode mode, ownership& owners)
      : root_(root), path_(std::move(path)), id_(id), mode_(mode), owners_(owners) {}

  std::vector<std::string> run(const std::string& name) {
    unique_fd top = open_or_make(root_, name.c_str(), path_);
    if (!top) return std::move(problems_);
    // A folder made below an unfinished top would keep the top from counting as missing next time.
    if (complete_top(top.get())) {
      for (const auto& rule : k_folders) complete(top.get(), rule);
    }
    return std::move(problems_);
  }

 private:
  bool is_roots(const struct stat& folder) const { return owners_.of(folder) == file_owner{0, 0}; }

  void report(const std::string& path, const std::string& what) { problems_.push_back(path + " " + what); }
  void report_error(const char* what, const std::string& path, int error) {
    problems_.push_back(std::string(what) + " " + path + ": " + std::strerror(error));
  }

  // An empty descriptor where there is none, and the reason reported.
  unique_fd open_or_make(int parent, const char* name, const std::string& shown) {
    unique_fd fd = open_beneath(parent, name, k_open_folder);
    if (!fd && errno == ENOENT) {
      if (mode_ == tree_mode::inspect) return report(shown, "is missing"), unique_fd();
      // EEXIST: the engine made it meanwhile. 0700 until finish().
      if (::mkdirat(parent, name, 0700) != 0 && errno != EEXIST) return report_error("make", shown, errno), unique_fd();
      fd = open_beneath(parent, name, k_open_folder);
    }
    if (!fd) report_unopened(parent, name, shown, errno);
    return fd;
  }

  void report_unopened(int parent, const char* name, const std::string& shown, int error) {
    struct stat status {};
    if (::fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return report_error("open", shown, error);
    if (S_ISLNK(status.st_mode)) return report(shown, "is a symbolic link: not followed");
    if (!S_ISDIR(status.st_mode)) return report(shown, "is not a folder");
    report_error("open", shown, error);
  }

  // False: it could not be completed.
  bool complete_top(int top) {
    struct stat status {};
    if (::fstat(top, &status) != 0) return report_error("stat", path_, errno), false;
    if (mode_ == tree_mode::make && is_old_top(status)) return finish(top, k_top, path_);
    return check(top, status, k_top, path_, is_roots(status) && is_engines_top(top));
  }

  // As the engine makes it for a mount, whatever the container has written into www by now.
  bool is_engines_top(int top) const {
    if (!holds_at_most(top, k_www_folder)) return false;
    struct stat www {};
    if (::fstatat(top, k_www_folder, &www, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
    return S_ISDIR(www.st_mode) && is_roots(www);
  }

  bool is_old_top(const struct stat& top) const {
    return (top.st_mode & 07777) == k_old_top_mode && owners_.of(top) == wanted_owner(k_top, id_);
  }

  void complete(int top, const folder_rule& rule) {
    const std::string shown = path_ + "/" + rule.name;
    // The common case costs one call: the folder is right.
    struct stat status {};
    if (::fstatat(top, rule.name, &status, AT_SYMLINK_NOFOLLOW) == 0 && is_right(status, rule)) return;
    const unique_fd folder = open_or_make(top, rule.name, shown);
    if (!folder) return;
    if (::fstat(folder.get(), &status) != 0) return report_error("stat", shown, errno);
    check(folder.get(), status, rule, shown, is_roots(status) && holds_at_most(folder.get(), ""));
  }

  bool is_right(const struct stat& status, const folder_rule& rule) const {
    return S_ISDIR(status.st_mode) && (status.st_mode & 07777) == rule.mode &&
           owners_.of(status) == wanted_owner(rule, id_);
  }

  // False: it should have been finished, and could not be.
  bool check(int folder, const struct stat& status, const folder_rule& rule, const std::string& shown,
             bool counts_as_missing) {
    if (is_right(status, rule)) return true;
    if (mode_ == tree_mode::repair || (counts_as_missing && mode_ == tree_mode::make))
      return finish(folder, rule, shown);
    const auto owner = owners_.of(status);
    const auto wanted = wanted_owner(rule, id_);
    if (owner != wanted) report(shown, "belongs to " + owner_text(owner) + ", should belong to " + owner_text(wanted));
    if ((status.st_mode & 07777) != rule.mode) {
      report(shown, "has mode " + mode_text(status.st_mode) + ", should have " + mode_text(rule.mode));
    }
    return true;
  }

  // The owner last: until then the folder is root's and empty, and the next pass starts again. (chown(2) keeps a
  // folder's set-gid bit.)
  bool finish(int folder, const folder_rule& rule, const std::string& shown) {
    if (::fchmod(folder, rule.mode) != 0) return report_error("chmod", shown, errno), false;
    const int error = owners_.change(folder, wanted_owner(rule, id_));
    if (error != 0) report_error("chown", shown, error);
    return error == 0;
  }

  const int root_;
  const std::string path_;
  const std::uint32_t id_;
  const tree_mode mode_;
  ownership& owners_;
  std::vector<std::string> problems_;
};

site_owner find_owner(int root, const char* name, const ownership& owners) {
  site_owner found;
  const unique_fd top = open_beneath(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  struct stat status {};
  if (!top || ::fstat(top.get(), &status) != 0) return found;
  if (const auto owner = owners.of(status); owner.uid == 0 && owner.gid != 0) found.mark = owner.gid;
  if (::fstatat(top.get(), k_www_folder, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode))
    found.www = owners.of(status).uid;
  return found;
}

}  // namespace

site_trees::site_trees(shared_fd root, std::string path, ownership& owners)
    : root_(std::move(root)), path_(std::move(path)), owners_(owners) {}

std::vector<std::string> site_trees::make(const std::string& name, std::uint32_t id) {
  auto problems = tree_pass(root_->get(), path_ + "/" + name, id, tree_mode::make, owners_).run(name);
  if (auto problem = link_log_socket(name); !problem.empty()) problems.push_back(std::move(problem));
  return problems;
}

std::string site_trees::link_log_socket(const std::string& name) const {
  const auto path = name + "/" + k_dev.name;
  const unique_fd dev = open_beneath(root_->get(), path.c_str(), k_open_folder);
  struct stat status {};
  if (log_socket_ == nullptr || !dev || ::fstat(dev.get(), &status) != 0) return {};
  // Nothing can be relied on in a folder that others can write to; make() has reported it.
  if (owners_.of(status).uid != 0 || (status.st_mode & 022) != 0) return {};
  const auto problem = log_socket_->link_into(root_->get(), dev.get());
  return problem.empty() ? problem : path_ + "/" + path + "/log " + problem;
}

std::vector<std::string> site_trees::repair(const std::string& name, std::uint32_t id) {
  return tree_pass(root_->get(), path_ + "/" + name, id, tree_mode::repair, owners_).run(name);
}

std::vector<std::string> site_trees::inspect(const std::string& name, std::uint32_t id) const {
  return tree_pass(root_->get(), path_ + "/" + name, id, tree_mode::inspect, owners_).run(name);
}

void site_trees::find_owners(site_owners& known) const {
  const auto entries = list_folder(root_->get());
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    const auto before = known.find(name);
    if (before == known.end()) {
      if (!is_site_name(name) && !site_of_leftover(name)) continue;
      known.emplace(name, find_owner(root_->get(), entry->d_name, owners_));
    } else if (before->second.www.value_or(0) == 0) {
      before->second = find_owner(root_->get(), entry->d_name, owners_);
    }
  }
}

}  // namespace heberg::tree
