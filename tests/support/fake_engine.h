// SPDX-License-Identifier: LGPL-2.1-or-later
// A Docker engine for tests: answers /version, /_ping, /events, /containers/json, /containers/ID/json,
// /containers/ID/logs and /images/ID/json on a unix socket, from a thread of its own, with containers that the test scripts and with every
// fault that an engine can show.
//
//   test::fake_engine engine(folder / "docker.sock");
//   engine.add(test::make_container("site_1", "site-1.test", "/sites/site_1/www"));   // sends create, connect, start
//   engine.change("site_1", [](auto& c) { c.state = "exited"; }, "die");
//   engine.remove("site_1");                                                          // sends die, destroy
//   engine.inject({.call = engine_call::inspect, .effect = engine_fault::cut});       // once; the next answer is whole
//
// All functions may be called from any thread; each has taken effect when it returns.
#pragma once

#include "support/fake_container.h"
#include "support/fake_logs.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace heberg::test {

enum class engine_call { version, ping, list, inspect, events, logs, image };

enum class engine_fault {
  close,         // the connection, instead of an answer
  cut,           // half of an answer, then the connection is closed
  malformed,     // an answer of half the JSON
  wrong_shape,   // sound JSON, but of another kind
  not_found,     // 404
  server_error,  // 500
  huge,          // an answer that never ends
  hang,          // no answer at all
};

struct injected_fault {
  engine_call call = engine_call::inspect;
  engine_fault effect = engine_fault::close;
  std::string name = {};  // the container's; empty: any
  int times = 1;
};

class fake_engine {
 public:
  explicit fake_engine(std::filesystem::path socket);
  ~fake_engine();
  fake_engine(const fake_engine&) = delete;
  fake_engine& operator=(const fake_engine&) = delete;

  [[nodiscard]] std::string host() const;     // "unix:///…"
  [[nodiscard]] std::string listen_on_tcp();  // beside the unix socket, on the loopback: "tcp://127.0.0.1:PORT"

  // ---- containers, each named by its name ----
  std::string add(
      fake_container c);  // with the events of `docker run`, or of `docker create` for state "created"; its id
  std::string add_silently(fake_container c);  // without events
  void remove(const std::string& name);
  void remove_silently(const std::string& name);
  // The event comes after the change; no event for an empty action.
  void change(const std::string& name, const std::function<void(fake_container&)>& edit,
              std::string_view action = "update");
  void connect(const std::string& name, const std::string& network,
               const std::string& address);  // docker network connect
  void disconnect(const std::string& name, const std::string& network);
  void send_event(std::string_view line);  // any text on the event streams

  // What it has written; answers that follow get it.
  void change_log(const std::string& name, const std::function<void(fake_log&)>& edit);

  // ---- faults ----
  void inject(injected_fault fault);
  void cut_events();         // closes the event streams
  void close_connections();  // all of them
  void go_away();            // as dockerd stopped: no socket, no connections
  void come_back();
  void hang(bool hanging);  // accepts, reads, answers nothing, sends nothing; after that it answers again, but not what
                            // it missed
  void set_versions(std::string newest, std::string oldest);

  // ---- what was asked of it ----
  struct counters {
    std::uint64_t connections = 0, versions = 0, pings = 0, lists = 0, inspects = 0, events = 0, logs = 0, images = 0,
                  unknown = 0;
  };
  [[nodiscard]] counters count() const;
  [[nodiscard]] std::uint64_t count_inspects(const std::string& name) const;
  [[nodiscard]] std::size_t count_open_connections() const;
  [[nodiscard]] std::string last_target(engine_call call) const;
  [[nodiscard]] std::chrono::nanoseconds cpu_time() const;  // that its thread used

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace heberg::test
