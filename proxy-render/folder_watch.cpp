// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/folder_watch.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

namespace heberg::proxy {
namespace {

constexpr std::chrono::milliseconds k_quiet{300};
constexpr std::chrono::milliseconds k_patience{700};  // where it is never quiet: in /tmp, say
constexpr std::uint32_t k_events =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR;
constexpr std::uint32_t k_coming = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR | IN_MASK_ADD;

}  // namespace

folder_watch::folder_watch(boost::asio::io_context& io, std::vector<std::string> folders, std::function<void()> changed)
    : folders_(std::move(folders)), events_(io), quiet_(io), changed_(std::move(changed)) {
  const int copy = ::fcntl(inotify_.fd(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) {
    complaint_ = std::string("inotify: ") + std::strerror(inotify_.error() != 0 ? inotify_.error() : errno);
    return;
  }
  events_.assign(copy);
  watch_folders();
  wait();
}

void folder_watch::stop() {
  if (events_.is_open()) events_.close();
  quiet_.cancel();
}

// A folder that is watched already is the same watch.
void folder_watch::watch_folders() {
  for (const auto& folder : folders_) {
    const auto above = std::filesystem::path(folder).parent_path().string();
    // Above first: what is made between the two is told of twice rather than not at all.
    (void)inotify_.watch(above.c_str(), k_coming);
    if (inotify_.watch(folder.c_str(), k_events) < 0 && errno != ENOENT)
      complaint_ = "watch " + folder + ": " + std::strerror(errno);
  }
}

void folder_watch::wait() {
  events_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    read_events();
    wait();
  });
}

void folder_watch::read_events() {
  inotify::event ignored;
  while (inotify_.next(ignored)) {
  }
  const auto now = std::chrono::steady_clock::now();
  if (!first_) first_ = now;
  quiet_.expires_at(std::min(now + k_quiet, *first_ + k_patience));
  quiet_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    first_.reset();
    watch_folders();  // one of them may have come
    changed_();
  });
}

}  // namespace heberg::proxy
