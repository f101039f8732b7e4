// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides what a watcher does next; knows no socket, clock or JSON. watcher.cpp reports what happened and carries out
// the actions.
//
//   offline ──subscribed──> listing ──listed──> syncing ──all inspected──> following
//      ^                       ^                                              │
//      └──────── disconnected, from anywhere          resync due ─────────────┘
//
// - The subscription comes first, so what happens while listing arrives as an event. The list is the older of the two:
//   a container that an event touched meanwhile is judged by its inspection, never by the list.
// - A container has at most one inspection under way and one more waiting; events in between ask for no third. One that
//   is destroyed is inspected no more, and what its inspection under way answers is ignored.
// - A list entry that equals the last one's asks for no inspection, provided that no event named the container since.
// - An inspection that fails leaves what was known, or what the list has where nothing was; the next list tries again.
// - Events wait for a moment (k_settle) for others of their kind; changes are reported when no inspection is left, and
//   at the latest k_publish_delay after the first.
#pragma once

#include "docker/parse.h"
#include "docker/watcher.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace heberg::docker {

inline constexpr std::chrono::milliseconds k_settle{10};
inline constexpr std::chrono::milliseconds k_publish_delay{100};
inline constexpr std::chrono::milliseconds k_absent_backoff_max{1000};  // an absent socket costs nothing to try

// What happened.
struct watch_started {};
struct watch_subscribed {};
struct watch_listed {
  std::vector<container> entries;
};
struct watch_events {
  std::vector<event> events;
};
struct watch_inspected {
  container value;
};
struct watch_vanished {  // the engine knows no such container
  std::string id;
};
struct watch_inspect_failed {
  std::string id, reason;
};
struct watch_disconnected {
  std::string reason;
  bool absent = false;  // no socket, or connection refused
};
enum class watch_timer { settle, publish, resync, reconnect };
struct watch_elapsed {
  watch_timer timer;
};
using watch_input = std::variant<watch_started, watch_subscribed, watch_listed, watch_events, watch_inspected,
                                 watch_vanished, watch_inspect_failed, watch_disconnected, watch_elapsed>;

// What to do.
struct do_subscribe {};
struct do_list {};
struct do_inspect {
  std::string id;
};
struct do_wait {  // a new wait replaces the timer's last one
  watch_timer timer;
  std::chrono::milliseconds delay;
};
struct do_report_synced {};
struct do_report_changed {
  container_ids ids;
};
struct do_report_lost {
  std::string reason;
};
struct do_log {
  log_level level;
  std::string message;
};
using watch_action = std::variant<do_subscribe, do_list, do_inspect, do_wait, do_report_synced, do_report_changed,
                                  do_report_lost, do_log>;

class watch {
 public:
  // seed: of the back-off's jitter.
  watch(const watch_options& options, std::uint32_t seed);

  [[nodiscard]] std::vector<watch_action> resume(watch_input input);

  [[nodiscard]] const containers& known() const noexcept { return known_; }

 private:
  enum class phase { offline, listing, syncing, following };
  struct flight {
    bool again = false;  // an event came meanwhile
    bool gone = false;   // destroyed meanwhile
  };

  void on(watch_started&&);
  void on(watch_subscribed&&);
  void on(watch_listed&&);
  void on(watch_events&&);
  void on(watch_inspected&&);
  void on(watch_vanished&&);
  void on(watch_inspect_failed&&);
  void on(watch_disconnected&&);
  void on(watch_elapsed&&);

  void begin_list();
  void take_list_entry(container&& entry, std::set<std::string>& listed);
  void touch(const std::string& id);
  void forget(const std::string& id);
  void enqueue(const std::string& id);
  void dispatch();
  std::optional<flight> land(const std::string& id);
  void keep_listed(container&& entry);
  void finish(const std::string& id);
  void report_changes();
  // From "synced" until the connection is lost. Timers set before an outage may end in it or after it.
  [[nodiscard]] bool in_touch() const noexcept { return ever_synced_ && !outage_reported_; }
  std::chrono::milliseconds next_backoff(bool absent);

  template <class action>
  void act(action a) {
    actions_.emplace_back(std::move(a));
  }
  void note(log_level level, std::string message) { act(do_log{level, std::move(message)}); }

  watch_options options_;
  std::mt19937 random_;
  std::vector<watch_action> actions_;  // of the resume() under way

  phase phase_ = phase::offline;
  bool ever_synced_ = false;
  bool outage_reported_ = false;
  std::string outage_reason_;
  std::chrono::milliseconds backoff_;

  containers known_;
  container_ids unreported_;  // what changed in known_ since the last report
  std::map<std::string, std::string>
      last_entry_;                              // by id: the list entry (in short) that the last inspection confirmed
  std::map<std::string, std::string> failure_;  // by id: why its last inspection failed

  std::deque<std::string> queue_;              // to inspect, in this order…
  std::set<std::string> queued_;               // …unless it is no longer in here
  std::map<std::string, flight> flights_;      // inspections under way
  std::map<std::string, container> unsynced_;  // listed, not yet inspected: "synced" waits for them
  std::set<std::string> touched_;              // by events, while listing
  bool settling_ = false;
  bool publishing_ = false;
};

}  // namespace heberg::docker
