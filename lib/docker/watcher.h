// SPDX-License-Identifier: LGPL-2.1-or-later
// Follows the engine's containers for as long as the program runs. Rules (decided in watch.h, a pure state machine;
// carried out in watcher.cpp):
//
// - Subscribe to the events, then list, then inspect what is new or changed, then report "synced"; the same after every
//   reconnect (back-off with jitter, 100 ms to 5 s) and every 60 s as a safety net.
// - Nothing that happens while listing is lost.
// - One changed container costs one inspect call, whatever the number of containers; a new image costs one more, once.
// - A periodic list inspects only containers whose list entry differs from the last one.
// - An engine that cannot be reached changes nothing: what was known stays known.
//
// One thread: all handlers are called from the io_context that runs the watcher, never from inside start() or stop().
#pragma once

#include "docker/container.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace heberg::docker {

using containers = std::map<std::string, container>;  // by id: all of them, also stopped ones
using container_ids = std::set<std::string>;

enum class log_level { debug, info, warning, error };

struct watch_options {
  std::string host = "unix:///var/run/docker.sock";  // or tcp://HOST:PORT
  std::chrono::milliseconds resync_interval{60'000};
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{5'000};
  std::chrono::milliseconds request_timeout{10'000};
  std::chrono::milliseconds ping_interval{30'000};  // an engine that hangs is found out by then
  std::size_t inspect_connections = 8;              // inspect calls under way at once
};

struct watch_handlers {
  // After a list whose inspections are all done: all containers. Called first of all, and after every reconnect and
  // resync.
  std::function<void(const containers& all)> synced;
  // Between two lists: the containers that appeared, changed or went (all: the state after it). One call for events
  // that came together. Never before the first `synced`.
  std::function<void(const containers& all, const container_ids& changed)> changed;
  // The engine went away (reason), once per outage; synced() follows when it is back.
  std::function<void(std::string_view reason)> lost;
  std::function<void(log_level, std::string_view message)> log;
};

class watcher {
 public:
  // Throws std::invalid_argument for a host that is neither unix:// nor tcp://, naming it.
  watcher(boost::asio::io_context& io, watch_options options, watch_handlers handlers);
  ~watcher();
  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;

  void start();
  void stop();  // cancels what is under way; the io_context runs dry soon after

  // Engine calls made so far, by kind, for tests, benchmarks and --status.
  struct counters {
    std::uint64_t lists = 0, inspects = 0, images = 0, connects = 0;
  };
  [[nodiscard]] counters count_calls() const noexcept;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

// For --once and --check: connects, lists, inspects, returns; throws std::system_error or std::runtime_error saying
// which call failed.
[[nodiscard]] containers fetch_containers(const watch_options& options);

}  // namespace heberg::docker
