// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/password_watch.h"

#include "tree/password_file.h"

#include <sys/inotify.h>

#include <cstring>

namespace heberg::syncd {
namespace {

// Not IN_MODIFY: half a file is of no use; its writer's close follows. IN_CREATE: link(2) makes nothing else known.
constexpr std::uint32_t k_events =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

password_watch::password_watch() : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}

bool password_watch::watch(const std::string& site, int folder) {
  if (!inotify_) return false;
  const std::string path = "/proc/self/fd/" + std::to_string(folder);
  const int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), k_events);
  if (watch < 0) return false;
  sites_[watch] = site;
  return true;
}

password_watch::news password_watch::read() {
  news found;
  alignas(inotify_event) char buffer[16 * 1024];
  for (;;) {
    const ssize_t size = ::read(inotify_.get(), buffer, sizeof buffer);
    if (size <= 0) return found;  // EAGAIN: that was all
    for (ssize_t at = 0; at < size;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof event);
      const char* name = buffer + at + sizeof event;
      at += static_cast<ssize_t>(sizeof event + event.len);
      if ((event.mask & IN_Q_OVERFLOW) != 0) found.lost = true;
      const auto site = sites_.find(event.wd);
      if (site == sites_.end()) continue;
      // Without a name it happened to the folder itself.
      if (event.len == 0 || std::strcmp(name, tree::k_password_file) == 0) found.sites.insert(site->second);
      // The folder went elsewhere: what happens to it is nobody's matter any more.
      if ((event.mask & IN_MOVE_SELF) != 0) ::inotify_rm_watch(inotify_.get(), event.wd);
      if ((event.mask & IN_IGNORED) != 0) sites_.erase(site);  // the folder, or our interest in it, is gone
    }
  }
}

}  // namespace heberg::syncd
