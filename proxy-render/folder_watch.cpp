// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/folder_watch.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace heberg::proxy {
namespace {

constexpr std::chrono::milliseconds k_quiet{300};
constexpr std::chrono::milliseconds k_patience{700};  // where it is never quiet: in /tmp, say
constexpr std::chrono::seconds k_poll{2};
constexpr std::uint32_t k_events =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR;
constexpr std::uint32_t k_coming = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR | IN_MASK_ADD;

}  // namespace

folder_watch::folder_watch(boost::asio::io_context& io, std::vector<std::string> folders, std::function<void()> changed)
    : folders_(std::move(folders)), events_(io), quiet_(io), changed_(std::move(changed)) {
  if (start()) return;
  is_polling_ = true;
  seen_ = describe_folders();
  poll();
}

bool folder_watch::start() {
  const int copy = inotify_.renew() ? ::fcntl(inotify_.fd(), F_DUPFD_CLOEXEC, 0) : -1;
  if (copy < 0) {
    complaint_ = std::string("inotify: ") + std::strerror(inotify_.error() != 0 ? inotify_.error() : errno);
    return false;
  }
  complaint_.clear();
  events_.assign(copy);
  watch_folders();
  wait();
  return true;
}

void folder_watch::poll() {
  quiet_.expires_after(k_poll);
  quiet_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    is_polling_ = !start();  // first: what changes from now on is told of
    auto now = describe_folders();
    const bool has_changed = now != std::exchange(seen_, now);
    if (is_polling_) poll();
    if (has_changed) changed_();
  });
}

std::string folder_watch::describe_folders() const {
  std::string text;
  for (const auto& folder : folders_) {
    std::error_code error;
    std::vector<std::string> lines;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      struct stat status {};
      if (::lstat(entry.path().c_str(), &status) != 0) continue;
      lines.push_back(entry.path().filename().string() + " " + std::to_string(status.st_ino) + " " +
                      std::to_string(status.st_size) + " " + std::to_string(status.st_ctim.tv_sec) + "." +
                      std::to_string(status.st_ctim.tv_nsec) + "\n");
    }
    std::ranges::sort(lines);
    text += folder + ":" + error.message() + "\n";
    for (const auto& line : lines) text += line;
  }
  return text;
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
