// SPDX-License-Identifier: LGPL-2.1-or-later
// A log file in a site's tree, opened so that nothing the owner or the PHP code plants there is followed, waited for or
// written to: below the tree without any link, checked before it is opened, a regular file with one name. It is
// opened for each use and closed again: its name may be another file's the next time.
#pragma once

#include "base/unique_fd.h"
#include "syncd/logs/log_disk.h"
#include "tree/ownership.h"

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace heberg::syncd {

struct opened_log {
  unique_fd folder;  // SITE/logs
  unique_fd file;    // for reading and writing, not for appending: writes name their place
  struct stat status {};
  std::string problem;  // why there is none: "is a fifo: not written to"; then file is empty
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(file); }
};

struct log_opener {
  int root = -1;  // the sites root
  tree::ownership* owners = nullptr;
  log_disk* disk = nullptr;

  // SITE/logs/NAME; made, root's and `group`'s and 0640, where it is missing.
  [[nodiscard]] opened_log open_or_make(const std::string& site, const char* name, std::uint32_t group) const;
  // The same, nothing made: the problem is empty where there is no such file.
  [[nodiscard]] opened_log open(const std::string& site, const char* name) const;
};

// Opens an entry of an open folder, judged as above. Empty with no problem: there is none.
[[nodiscard]] unique_fd open_judged(int folder, const char* name, struct stat& status, std::string& problem);

}  // namespace heberg::syncd
