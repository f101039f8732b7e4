// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/host_protection.h"

#include "base/unique_fd.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <charconv>
#include <iterator>

namespace heberg::tree {
namespace {

std::optional<int> read_number(const std::string& path) {
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[16];
  const auto size = file ? ::read(file.get(), text, sizeof text) : -1;
  int number = 0;
  if (size <= 0 || std::from_chars(text, text + size, number).ec != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

std::vector<missing_protection> judge_mount(unsigned long flags, const std::string& host_path) {
  std::string missing;
  std::string allowed;
  if ((flags & ST_NOSUID) == 0) {
    missing = "nosuid";
    allowed = "a set-user-ID file in a site makes every user of this host root";
  }
  if ((flags & ST_NODEV) == 0) {
    missing += missing.empty() ? "nodev" : ",nodev";
    allowed += std::string(allowed.empty() ? "" : ", and ") + "a device node in a site opens this host's disks";
  }
  if (missing.empty()) return {};
  return {
      {host_path + " is mounted without " + missing + ": " + allowed,
       "mount --bind " + host_path + " " + host_path + " && mount -o remount,bind,nosuid,nodev " + host_path +
           ", then restart heberg's containers or heberg-syncd; for good: heberg-syncd(8), THE SITES' FILE SYSTEM"}};
}

std::vector<missing_protection> judge_links(const link_settings& links) {
  struct rule {
    const char* name;
    std::optional<int> is;
    const char* allowed;
    int wanted;
  };
  const rule rules[] = {
      {"protected_hardlinks", links.protected_hardlinks,
       "a site's owner can make hard links to others' files, logs and sockets", 1},
      {"protected_symlinks", links.protected_symlinks, "links in folders like /tmp mislead other users' programs", 1},
      {"protected_fifos", links.protected_fifos, "named pipes in folders like /tmp mislead other users' programs", 1},
      {"protected_regular", links.protected_regular, "files in folders like /tmp mislead other users' programs", 2},
  };
  std::vector<missing_protection> found;
  for (const auto& rule : rules) {
    if (rule.is.value_or(1) != 0) continue;
    const auto name = std::string("fs.") + rule.name;
    found.push_back({name + " is 0: " + rule.allowed, "sysctl -w " + name + "=" + std::to_string(rule.wanted)});
  }
  return found;
}

std::vector<missing_protection> find_missing_protection(int root, const std::string& host_path,
                                                        const std::string& sysctl) {
  std::vector<missing_protection> found;
  struct statvfs mount {};
  if (::fstatvfs(root, &mount) == 0) found = judge_mount(mount.f_flag, host_path);
  auto links = judge_links({.protected_hardlinks = read_number(sysctl + "/protected_hardlinks"),
                            .protected_symlinks = read_number(sysctl + "/protected_symlinks"),
                            .protected_fifos = read_number(sysctl + "/protected_fifos"),
                            .protected_regular = read_number(sysctl + "/protected_regular")});
  found.insert(found.end(), std::make_move_iterator(links.begin()), std::make_move_iterator(links.end()));
  return found;
}

}  // namespace heberg::tree
