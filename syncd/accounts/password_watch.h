// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells which sites' .heberg folders something happened in (inotify(7)). It only ever says "look again": what is there
// is judged by password_file.h. Watches belong to folders, not paths, so no link can lead one elsewhere; the folder's
// descriptor is not kept. The kernel's limits (fs.inotify.max_user_watches, 8192 on small machines) are no error: what
// cannot be watched is polled. Nor is it that there is no instance (fs.inotify.max_user_instances, which root in a
// site's container shares with the host's root and can use up): each watch() asks for one anew.
#pragma once

#include "base/inotify.h"

#include <set>
#include <string>
#include <unordered_map>

namespace heberg::syncd {

class password_watch {
 public:
  [[nodiscard]] int fd() const noexcept { return inotify_.fd(); }  // -1: nothing can be watched

  // Why there is no instance, an errno value; 0: there is one.
  [[nodiscard]] int error() const noexcept { return inotify_.error(); }

  // folder: an open descriptor of the site's .heberg. Again for the same folder costs little and changes nothing.
  // False: poll it.
  [[nodiscard]] bool watch(const std::string& site, int folder);

  struct news {
    std::set<std::string> sites;
    bool lost = false;  // events were dropped: look at all of them
  };
  [[nodiscard]] news read();  // what has come since; does not wait

 private:
  inotify inotify_;
  std::unordered_map<int, std::string> sites_;  // by watch descriptor
};

}  // namespace heberg::syncd
