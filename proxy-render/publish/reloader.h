// SPDX-License-Identifier: LGPL-2.1-or-later
// Has nginx load the text in place, and finds out whether nginx serves it. Logs each fault once.
#pragma once

#include "proxy-render/nginx/reload.h"
#include "proxy-render/nginx/worker_count.h"
#include "proxy-render/publish/confirm.h"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace heberg::proxy {

// The system, as a test may want to replace it.
struct reload_tools {
  std::function<boost::asio::awaitable<reload_result>()> reload;  // empty: nginx is not to be reloaded
  // Whether nginx serves the text of this generation (confirm.h). Empty: not asked.
  std::function<boost::asio::awaitable<confirmation>(std::string generation, std::function<bool()> has_news)> confirm =
      {};
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  // nginx's workers. Empty: not counted.
  std::function<boost::asio::awaitable<std::optional<worker_count>>()> count_workers = {};
  std::size_t max_generations = 0;  // a reload waits while so many live
};

enum class activation_status {
  served,
  unknown,      // nginx does not answer on its port of 127.0.0.1: it may serve it
  stale,        // nginx serves an older text
  superseded,   // not known yet, and there is another text to be published instead
  waiting,      // nginx has too many generations of workers
  not_running,  // nginx does not run, or has not written its pid file yet
  failed,       // nginx could not be asked to reload
};

class reloader {
 public:
  explicit reloader(reload_tools tools) : tools_(std::move(tools)) {}

  [[nodiscard]] bool is_enabled() const noexcept { return static_cast<bool>(tools_.reload); }

  // live: the text in place. has_news: as in confirm_generation(). is_urgent: the text in place takes an address away,
  // which may be another container's by now: that does not wait for old workers.
  [[nodiscard]] boost::asio::awaitable<activation_status> reload(std::string live, std::function<bool()> has_news,
                                                                 bool is_urgent = false);

  // Whether nginx serves this text now, without patience. False where that is not known.
  [[nodiscard]] boost::asio::awaitable<bool> is_served(std::string text);

 private:
  [[nodiscard]] boost::asio::awaitable<activation_status> confirm(std::string generation,
                                                                  std::function<bool()> has_news);
  void log_change(confirmation found);
  [[nodiscard]] boost::asio::awaitable<bool> has_too_many_workers();

  reload_tools tools_;
  std::optional<std::chrono::steady_clock::time_point> unserved_since_;  // while a text is in place that is not served
  confirmation logged_ = confirmation::served;
  bool logged_not_running_ = false;
  bool logged_waiting_ = false;
  std::deque<std::chrono::steady_clock::time_point> reloads_;  // the last ones
};

}  // namespace heberg::proxy
