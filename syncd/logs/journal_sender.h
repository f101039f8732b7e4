// SPDX-License-Identifier: LGPL-2.1-or-later
// Sends the sites' lines to journald on a thread of its own: the files never wait for journald, and a site has a share
// of what journald takes from a service (RateLimitBurst=, 10000 messages in 30 s), so that it keeps the other sites'
// lines and heberg-syncd's own. Lines over a site's share are in its files alone, and are counted in one line.
#pragma once

#include "docker/log_decoder.h"
#include "program/log.h"
#include "syncd/logs/line_budget.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace heberg::syncd {

class journal_sender {
 public:
  // As send_to_journal(): whole lines, 0 or an errno value.
  using sender = std::function<int(const std::string& site, docker::log_stream stream, std::string_view lines)>;

  static constexpr line_rate k_lines{150, 3000};           // of a site: 7500 in 30 s
  static constexpr std::size_t k_waiting_max = 256 << 10;  // bytes of a site that wait to be sent

  // send and log are called on the sender's thread.
  journal_sender(
      sender send, std::function<void(level, std::string_view)> log,
      std::function<std::chrono::steady_clock::time_point()> now = [] { return std::chrono::steady_clock::now(); });
  ~journal_sender();  // waits for the line that is being sent; the others are not sent
  journal_sender(const journal_sender&) = delete;
  journal_sender& operator=(const journal_sender&) = delete;

  // lines: whole ones. Never waits.
  void push(const std::string& site, docker::log_stream stream, std::string_view lines);

 private:
  struct share {
    line_budget budget{k_lines};
    std::size_t waiting = 0;  // bytes in the queue
    std::size_t dropped = 0;  // for want of room in it
  };
  struct item {
    std::string site;
    docker::log_stream stream;
    std::string line;
  };

  void add(share& of, const std::string& site, docker::log_stream stream, std::string_view line);
  void work();
  void report(int error);

  const sender send_;
  const std::function<void(level, std::string_view)> log_;
  const std::function<std::chrono::steady_clock::time_point()> now_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, share> shares_;
  std::deque<item> queue_;
  bool ending_ = false;
  int error_ = 0;  // of the last line sent; the thread's own
  std::thread thread_;
};

}  // namespace heberg::syncd
