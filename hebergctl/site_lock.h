// SPDX-License-Identifier: LGPL-2.1-or-later
// Only one hebergctl at a time works on a site's tree and container: a backup that pauses it and a move that stops it
// would each resume it in the middle of the other. The file STATE_DIR/locks/SITE is locked (flock(2)) until the holder
// and its guard (held_container.h) have ended. It is not in the tree, where the site's owner could lock it.
// heberg-syncd needs no lock.
#pragma once

#include "base/unique_fd.h"
#include "program/settings.h"

#include <string>

namespace heberg::ctl {

class site_lock {
 public:
  enum class if_busy { refuse, wait };  // refuse: after some seconds

  // Throws `refused`, or std::system_error.
  site_lock(const settings& settings, const std::string& site, if_busy what = if_busy::refuse);

 private:
  unique_fd file_;
};

}  // namespace heberg::ctl
