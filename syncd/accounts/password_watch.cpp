// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/password_watch.h"

#include "tree/password_file.h"

namespace heberg::syncd {
namespace {

// Not IN_MODIFY: half a file is of no use; its writer's close follows. IN_CREATE: link(2) makes nothing else known.
constexpr std::uint32_t k_events =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

bool password_watch::watch(const std::string& site, int folder) {
  if (!inotify_.renew()) return false;
  const int watch = inotify_.watch(("/proc/self/fd/" + std::to_string(folder)).c_str(), k_events);
  if (watch < 0) return false;
  sites_[watch] = site;
  return true;
}

password_watch::news password_watch::read() {
  news found;
  inotify::event event;
  while (inotify_.next(event)) {
    if (event.is_overflow()) found.lost = true;
    const auto site = sites_.find(event.watch);
    if (site == sites_.end()) continue;
    if (event.name.empty() || event.name == tree::k_password_file) found.sites.insert(site->second);
    // The folder was moved: what happens to it from now on concerns no site.
    if ((event.mask & IN_MOVE_SELF) != 0) inotify_.remove(event.watch);
    if ((event.mask & IN_IGNORED) != 0) sites_.erase(site);  // the folder, or our interest in it, is gone
  }
  return found;
}

}  // namespace heberg::syncd
