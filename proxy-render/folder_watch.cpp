// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/folder_watch.h"

#include "base/unique_fd.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace heberg::proxy {
namespace {

constexpr std::chrono::milliseconds k_quiet{300};
constexpr std::uint32_t k_events =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR;

}  // namespace

folder_watch::folder_watch(boost::asio::io_context& io, const std::string& folder, std::function<void()> changed)
    : events_(io), quiet_(io), changed_(std::move(changed)) {
  unique_fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify || ::inotify_add_watch(inotify.get(), folder.c_str(), k_events) < 0) {
    if (errno != ENOENT) complaint_ = "watch " + folder + ": " + std::strerror(errno);
    return;
  }
  events_.assign(inotify.release());
  wait();
}

void folder_watch::stop() {
  if (events_.is_open()) events_.close();
  quiet_.cancel();
}

void folder_watch::wait() {
  events_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    read_events();
    wait();
  });
}

void folder_watch::read_events() {
  std::array<char, 4096> ignored{};
  while (::read(events_.native_handle(), ignored.data(), ignored.size()) > 0) {
  }
  quiet_.expires_after(k_quiet);
  quiet_.async_wait([this](const boost::system::error_code& error) {
    if (!error) changed_();
  });
}

}  // namespace heberg::proxy
