// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells that files of a folder changed, a moment after the last change: a certificate and its key come one after the
// other. The folder must be there by the time the watch is made; else nothing is ever told.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <string>

namespace heberg::proxy {

class folder_watch {
 public:
  folder_watch(boost::asio::io_context& io, const std::string& folder, std::function<void()> changed);
  void stop();

  // Why the folder is there and is not watched (inotify's limits, which all of the host's programs share); else empty.
  [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }

 private:
  void wait();
  void read_events();

  boost::asio::posix::stream_descriptor events_;
  boost::asio::steady_timer quiet_;
  std::function<void()> changed_;
  std::string complaint_;
};

}  // namespace heberg::proxy
