// SPDX-License-Identifier: LGPL-2.1-or-later
// Pauses or stops a site's container while its files are read. The destructor resumes the container. If this program is
// killed, a child process does so: the guard, which only waits for that, in a session of its own, so that a signal to
// our process group does not end it.
#pragma once

#include "base/unique_fd.h"
#include "hebergctl/container/site_container.h"

#include <sys/types.h>

#include <string>

namespace heberg::ctl {

class held_container {
 public:
  // A container that is not running, or that is already paused, is left unchanged. Throws where the engine refuses.
  held_container(std::string engine, const present_container& container, hold how);
  held_container(const held_container&) = delete;
  held_container& operator=(const held_container&) = delete;
  ~held_container();  // as release(); a failure is reported on standard error

  void release();  // throws
  void forget();   // leaves the container paused or stopped, or removed

 private:
  void dismiss_guard();

  const std::string engine_;
  const std::string id_;
  const hold how_;
  bool is_held_;
  pid_t guard_ = -1;
  unique_fd to_guard_;
};

}  // namespace heberg::ctl
