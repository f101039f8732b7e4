// SPDX-License-Identifier: LGPL-2.1-or-later
// Copies an old account's files to a new site's tree: the home, or its web folder, becomes www; the owner's keys go
// where sshd reads them. Neither the home's owner nor who named the home is trusted: no link in it is followed, and nothing
// is copied that the account itself could not read.
#pragma once

#include "archive/manifest.h"
#include "program/settings.h"

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace heberg::ctl {

struct home_copy {
  std::string site;
  std::uint32_t uid = 0;
  std::optional<std::uint32_t> old_uid;  // none: the home's owner
  std::optional<std::uint32_t> old_gid;  // none: as the UID
  std::string home;
  std::string web_folder;  // below the home; empty: the home itself
};

// Why that folder is not copied; empty: it is the account's home. It must belong to the account; or to root, where it
// has the account's name (a chroot's) and the account can read it. real_path: without links. Pure.
[[nodiscard]] std::string explain_home(const home_copy& what, const std::string& real_path, const struct stat& home);

// The tree must not exist. Throws and leaves nothing on failure. Returns what was not copied, and why.
std::vector<std::pair<std::string, std::string>> copy_home(const settings& settings, int root, const home_copy& what);

}  // namespace heberg::ctl
