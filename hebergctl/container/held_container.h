// SPDX-License-Identifier: LGPL-2.1-or-later
// Holds a site's container still while its files are read: paused, or stopped. Its end lets the container run again,
// and so does the end of this program by force: a child waits for that (it does nothing else, and is in a session of
// its own, so that a signal to our group does not end it).
#pragma once

#include "base/unique_fd.h"
#include "hebergctl/container/site_container.h"

#include <sys/types.h>

#include <string>

namespace heberg::ctl {

class held_container {
 public:
  // One that does not run is left as it is, and so is one that is to be paused and is already. Throws where the engine
  // refuses.
  held_container(std::string engine, const present_container& container, hold how);
  held_container(const held_container&) = delete;
  held_container& operator=(const held_container&) = delete;
  ~held_container();  // as release(); a failure is told on standard error

  void release();  // throws
  void forget();   // it is no more, or is to stay as it is

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
