// SPDX-License-Identifier: LGPL-2.1-or-later
// What the host itself must hold back, because root in a site's container may make any file in its www: set-user-ID
// programs and device nodes (mount options of the sites' file system), and links that others' programs follow (sysctl
// fs.protected_*). The judging is pure; find_missing_protection() asks the kernel.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace heberg::tree {

struct missing_protection {
  std::string text;    // what is missing, and what that allows
  std::string remedy;  // a command
  bool operator==(const missing_protection&) const = default;
};

struct link_settings {  // of /proc/sys/fs; none: not readable, which is not judged
  std::optional<int> protected_hardlinks;
  std::optional<int> protected_symlinks;
  std::optional<int> protected_fifos;
  std::optional<int> protected_regular;
};

// flags: f_flag of statvfs(3). host_path: the sites root as the engine's host names it.
[[nodiscard]] std::vector<missing_protection> judge_mount(unsigned long flags, const std::string& host_path);
[[nodiscard]] std::vector<missing_protection> judge_links(const link_settings& links);

// root: the open sites root. sysctl: the folder of the settings.
[[nodiscard]] std::vector<missing_protection> find_missing_protection(int root, const std::string& host_path,
                                                                      const std::string& sysctl = "/proc/sys/fs");

}  // namespace heberg::tree
