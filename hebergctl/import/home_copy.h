// SPDX-License-Identifier: LGPL-2.1-or-later
// An old account's files into a new site's tree: what was in the home, or in its web folder, becomes www; the owner's
// keys go where sshd looks for them. The home is the account's own: nothing in it leads out of it.
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

// The tree must not be there. Throws; nothing is left of it then. Returns what was not copied, and why.
std::vector<std::pair<std::string, std::string>> copy_home(const settings& settings, int root, const home_copy& what);

}  // namespace heberg::ctl
