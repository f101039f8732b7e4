// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/archive/site_archive.h"

#include "archive/walk.h"
#include "base/beneath.h"
#include "base/errors.h"
#include "hebergctl/archive/certificate_names.h"
#include "hebergctl/container/held_container.h"
#include "hebergctl/container/site_container.h"
#include "program/log.h"
#include "tree/layout.h"
#include "tree/remove_tree.h"
#include "tree/site_trees.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

namespace heberg::ctl {

archive::head describe_site(const settings& settings, const ledger::site& row,
                            const std::optional<present_container>& container) {
  archive::head about{.site = row.name,
                      .uid = row.uid,
                      .is_locked = row.is_locked(),
                      .lock_reason = row.lock_reason,
                      .specification = ""};
  if (container && container->wanted) {
    about.specification = to_text(*container->wanted);
    about.certificates = list_certificates_of(settings.proxy.certs, *container->wanted);
  }
  return about;
}

std::string archives_folder(const settings& settings) {
  auto folder = settings.state_dir + "/archives";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("create", folder);
  return folder;
}

archive::limits limits_of(const settings& settings) {
  return {.entries = settings.archive.max_entries, .bytes = settings.archive.max_size};
}

namespace {

// What must stay free on the disk that an archive is written to: 5 %, of a large disk 4 GiB. The ledger is often there.
constexpr std::uint64_t k_floor_most = 4ULL << 30U;
constexpr std::uint64_t k_between_looks = 16ULL << 20U;  // bytes

void check_space(int file, const std::string& site) {
  struct statvfs disk {};
  if (::fstatvfs(file, &disk) != 0) return;
  const auto floor = std::min<std::uint64_t>(disk.f_frsize * disk.f_blocks / 20, k_floor_most);
  const auto left = std::uint64_t{disk.f_frsize} * disk.f_bavail;
  if (left >= floor) return;
  throw std::runtime_error("the archive of " + site + " is not written: its disk has " + std::to_string(left >> 20U) +
                           " MiB left, and " + std::to_string(floor >> 20U) +
                           " MiB stay free for the accounts: make room, or give state_dir a larger disk");
}

}  // namespace

archive::pack_result write_archive(const settings& settings, const archive::head& about, int tree, int file,
                                   archive::compression how, const archive::counter& count,
                                   const std::optional<archive::account_ids>& readable_by) {
  auto most = limits_of(settings);
  most.readable_by = readable_by;
  check_space(file, about.site);
  std::uint64_t since = 0;
  const archive::counter watched = [&](std::uint64_t bytes) {
    if (count) count(bytes);
    since += bytes;
    if (since < k_between_looks) return;
    since = 0;
    check_space(file, about.site);
  };
  auto result = archive::pack_and_read_back(about, tree, file, how, watched, most);
  if (::fsync(file) != 0) throw_errno("fsync", "the archive of " + about.site);
  return result;
}

std::uint64_t measure(const progress& shown, int tree) {
  std::uint64_t bytes = 0;
  if (!shown.is_shown()) return bytes;
  std::set<std::pair<dev_t, ino_t>> seen;
  const auto add = [&](const archive::found_entry& found) {
    if (!S_ISREG(found.status.st_mode)) return;
    if (found.status.st_nlink > 1 && !seen.emplace(found.status.st_dev, found.status.st_ino).second) return;
    bytes += static_cast<std::uint64_t>(found.status.st_size);
  };
  archive::walk_tree(tree, add, [](const std::string&, const std::string&) {});
  return bytes;
}

unique_fd open_unnamed(const settings& settings) {
  const auto folder = archives_folder(settings);
  unique_fd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file) throw_errno("create a file in", folder);
  return file;
}

unnamed_archive pack_unnamed(const settings& settings, const ledger::site& row,
                             const std::optional<present_container>& container, int tree, archive::compression how,
                             progress& shown) {
  auto file = open_unnamed(settings);
  shown.begin(row.name + ": packing", measure(shown, tree));
  std::optional<held_container> held;
  if (container) held.emplace(settings.docker.host, *container, hold::pause);
  const auto about = describe_site(settings, row, container);
  const auto written = write_archive(settings, about, tree, file.get(), how, shown.counter());
  if (held) held->release();
  return {std::move(file), archive::contents_of(about, written)};
}

unique_fd open_tree(int root, const std::string& site) {
  unique_fd tree = open_beneath(root, site.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!tree) throw_errno("open the tree of", site);
  return tree;
}

std::variant<reservation, int> reserve(const command& given, const settings& settings, const std::string& site,
                                       std::uint32_t preferred_uid) {
  if (const auto known = ledger::read_site(settings.state_dir, site)) return reservation{known->uid, false};
  const auto reply = ask(given, {"reserve", site, "", {"uid", std::to_string(preferred_uid)}});
  if (!reply) return k_no_syncd;
  if (reply->error != control::failure::none) return report(given, *reply);
  const auto made = ledger::read_site(settings.state_dir, site);
  if (!made) return fail(k_failed, site + ": reserved, but not in the ledger: does heberg-syncd use another --config?");
  return reservation{made->uid, true};
}

void forget_row(const command& given, const std::string& site) {
  constexpr std::chrono::seconds k_timeout{15};  // longer than accounts.retire_after
  const auto end = std::chrono::steady_clock::now() + k_timeout;
  for (;;) {
    const auto reply = ask(given, {"purge", site});
    if (!reply || reply->error != control::failure::refused || std::chrono::steady_clock::now() > end) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
}

void wait_until_missing(const settings& settings, const std::string& site) {
  using clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds k_timeout{15};
  constexpr std::chrono::seconds k_steady{1};
  const auto start = clock::now();
  bool was_active = false;
  while (clock::now() - start < k_timeout) {
    const auto row = ledger::read_site(settings.state_dir, site);
    const bool is_active = row && !row->missing_since && !row->is_retired();
    if (!is_active && (was_active || clock::now() - start > k_steady)) return;
    was_active = was_active || is_active;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

bool has_tree(int root, const std::string& site) {
  struct stat ignored {};
  return ::fstatat(root, site.c_str(), &ignored, AT_SYMLINK_NOFOLLOW) == 0;
}

void remove_named_tree(int root, const std::string& site) {
  const auto unfinished = tree::restored_name(site);
  if (::renameat2(root, site.c_str(), root, unfinished.c_str(), RENAME_NOREPLACE) != 0) throw_errno("rename", site);
  tree::remove_tree(root, unfinished);
}

void check_no_other_users(const settings& settings, const std::string& site,
                          const std::optional<present_container>& container) {
  const auto users = list_other_users(settings.docker.host, settings.sites.host_root + "/" + site,
                                      container ? container->id : std::string());
  if (users.empty()) return;
  throw refused(site + ": its tree is in use by container " + escape_line(join_names(users)) + ": remove it first");
}

void move_to_archived(int root, const std::string& site) {
  const auto archived = tree::archived_name(site);
  tree::remove_tree(root, archived);
  if (::renameat2(root, site.c_str(), root, archived.c_str(), RENAME_NOREPLACE) != 0) throw_errno("rename", site);
}

namespace {

// The tree's own folders get their owners and modes, whatever the archive says of them: one could have made the site's
// user the owner of what must be root's. Throws where a folder is something else.
void set_right(int root, const std::string& name, std::uint32_t uid) {
  auto folder = std::make_shared<const unique_fd>(::fcntl(root, F_DUPFD_CLOEXEC, 0));
  if (!*folder) throw_errno("open", "the sites root");
  tree::ownership owners;
  const auto problems = tree::site_trees(std::move(folder), "tree", owners).repair(name, uid);
  if (!problems.empty()) throw std::runtime_error(problems.front());
}

}  // namespace

void write_tree(int root, int file, const archive::contents& known, const std::string& site, std::uint32_t uid,
                const std::function<void(int folder)>& prepare, const archive::counter& count) {
  const auto unfinished = tree::restored_name(site);
  tree::remove_tree(root, unfinished);  // of a run that was interrupted
  if (::mkdirat(root, unfinished.c_str(), 0700) != 0) throw_errno("create", unfinished);
  try {
    const unique_fd folder = open_beneath(root, unfinished.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!folder) throw_errno("open", unfinished);
    archive::unpack(file, known, folder.get(), {.uid = uid}, count);
    if (prepare) prepare(folder.get());
    set_right(root, unfinished, uid);
    if (::syncfs(folder.get()) != 0) throw_errno("sync", unfinished);
    if (::renameat2(root, unfinished.c_str(), root, site.c_str(), RENAME_NOREPLACE) != 0)
      throw_errno("rename to", site);
  } catch (...) {
    tree::remove_tree(root, unfinished);
    throw;
  }
}

}  // namespace heberg::ctl
