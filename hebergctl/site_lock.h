// SPDX-License-Identifier: LGPL-2.1-or-later
// One hebergctl at a time works on a site's tree and container: a backup that pauses it and a move that stops it would
// each let it go on in the middle of the other. STATE_DIR/locks/SITE, locked (flock(2)) until the end of who has it and
// of its guard (held_container.h). Not in the tree: its owner could lock that, too. heberg-syncd needs none.
#pragma once

#include "base/unique_fd.h"
#include "program/settings.h"

#include <string>

namespace heberg::ctl {

class site_lock {
 public:
  enum class other { refuse, wait };  // where another one works on it, after some patience

  // Throws `refused`, or std::system_error.
  site_lock(const settings& settings, const std::string& site, other what = other::refuse);

 private:
  unique_fd file_;
};

}  // namespace heberg::ctl
