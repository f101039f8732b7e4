// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/site_archive.h"

#include "base/beneath.h"
#include "base/errors.h"
#include "syncd/remove_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

namespace heberg::ctl {

archive::head describe_site(const ledger::site& row, const std::optional<present_container>& container) {
  return {.site = row.name,
          .uid = row.uid,
          .is_locked = row.is_locked(),
          .lock_reason = row.lock_reason,
          .specification = container && container->wanted ? to_text(*container->wanted) : ""};
}

std::string archives_folder(const settings& settings) {
  auto folder = settings.state_dir + "/archives";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("make", folder);
  return folder;
}

archive::pack_result write_archive(const archive::head& about, int tree, int file) {
  auto result = archive::pack(about, tree, file);
  if (::fsync(file) != 0) throw_errno("fsync", "the archive of " + about.site);
  const archive::limits any{.entries = UINT64_MAX, .bytes = UINT64_MAX, .names = UINT64_MAX};
  if (archive::judge(file, any).files != result.packed)
    throw std::runtime_error("the archive of " + about.site + ", read back, is not what was packed");
  return result;
}

std::variant<reservation, int> reserve(const command& given, const settings& settings, const std::string& site,
                                       std::uint32_t wished) {
  if (const auto known = ledger::read_site(settings.state_dir, site)) return reservation{known->uid, false};
  const auto reply = ask(given, {"reserve", site, "", {"uid", std::to_string(wished)}});
  if (!reply) return k_no_syncd;
  if (reply->error != control::failure::none) return report(given, *reply);
  const auto made = ledger::read_site(settings.state_dir, site);
  if (!made) return fail(k_failed, site + ": reserved, but not in this ledger: is --config the daemon's?");
  return reservation{made->uid, true};
}

void forget_row(const command& given, const std::string& site) {
  constexpr std::chrono::seconds k_patience{15};  // accounts.retire_after, and a little
  const auto end = std::chrono::steady_clock::now() + k_patience;
  for (;;) {
    const auto reply = ask(given, {"purge", site});
    if (!reply || reply->error != control::failure::refused || std::chrono::steady_clock::now() > end) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
}

bool has_tree(int root, const std::string& site) {
  struct stat ignored {};
  return ::fstatat(root, site.c_str(), &ignored, AT_SYMLINK_NOFOLLOW) == 0;
}

void remove_named_tree(int root, const std::string& site) {
  const auto beside = "." + site + ".restore";
  if (::renameat2(root, site.c_str(), root, beside.c_str(), RENAME_NOREPLACE) != 0) throw_errno("rename", site);
  syncd::remove_tree(root, beside);
}

void write_tree(int root, int file, const archive::contents& known, const std::string& site, std::uint32_t uid,
                const std::function<void(int folder)>& prepare) {
  const auto beside = "." + site + ".restore";
  syncd::remove_tree(root, beside);  // of one that was interrupted
  if (::mkdirat(root, beside.c_str(), 0700) != 0) throw_errno("make", beside);
  try {
    const unique_fd folder = open_beneath(root, beside.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!folder) throw_errno("open", beside);
    archive::unpack(file, known, folder.get(), {.uid = uid});
    if (prepare) prepare(folder.get());
    if (::syncfs(folder.get()) != 0) throw_errno("sync", beside);
    if (::renameat2(root, beside.c_str(), root, site.c_str(), RENAME_NOREPLACE) != 0) throw_errno("rename to", site);
  } catch (...) {
    syncd::remove_tree(root, beside);
    throw;
  }
}

}  // namespace heberg::ctl
