// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells that files of some folders changed, a moment after the last change, and within a second of the first: a
// certificate and its key come one after the other. A folder that is not there yet is waited for, as long as the folder
// above it is there; so is one that is removed and made again. Where the kernel gives no inotify(7) instance, the folders
// are polled until it does: root in a site's container shares fs.inotify.max_user_instances with the host's root.
#pragma once

#include "base/inotify.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace heberg::proxy {

class folder_watch {
 public:
  folder_watch(boost::asio::io_context& io, std::vector<std::string> folders, std::function<void()> changed);
  void stop();

  // Why nothing is told of, or is_polling() (inotify's limits, which all of the host's programs share); empty: it is.
  [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }
  [[nodiscard]] bool is_polling() const noexcept { return is_polling_; }

 private:
  [[nodiscard]] bool start();
  void poll();
  [[nodiscard]] std::string describe_folders() const;
  void watch_folders();
  void wait();
  void read_events();

  std::vector<std::string> folders_;
  inotify inotify_;
  boost::asio::posix::stream_descriptor events_;  // a duplicate of inotify_'s descriptor, which Asio closes
  boost::asio::steady_timer quiet_;
  bool is_polling_ = false;
  std::string seen_;                                            // what the folders held at the last poll
  std::optional<std::chrono::steady_clock::time_point> first_;  // of the events that were not told yet
  std::function<void()> changed_;
  std::string complaint_;
};

}  // namespace heberg::proxy
