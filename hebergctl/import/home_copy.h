// SPDX-License-Identifier: LGPL-2.1-or-later
// Copies an old account's files to a new site's tree: the home, or its web folder, becomes www; the owner's keys go
// where sshd reads them. The home's owner is not trusted: no link in it is followed.
#pragma once

#include "program/settings.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace heberg::ctl {

struct home_copy {
  std::string site;
  std::uint32_t uid = 0;
  std::string home;
  std::string web_folder;  // below the home; empty: the home itself
};

// The tree must not exist. Throws and leaves nothing on failure. Returns what was not copied, and why.
std::vector<std::pair<std::string, std::string>> copy_home(const settings& settings, int root, const home_copy& what);

}  // namespace heberg::ctl
