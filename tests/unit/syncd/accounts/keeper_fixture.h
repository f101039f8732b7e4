// SPDX-License-Identifier: LGPL-2.1-or-later
// A keeper on a fake machine, and an engine whose containers the test names.
#pragma once

#include "fake_machine.h"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace heberg::test {

inline docker::container container_of(const std::string& site) {
  docker::container c;
  c.id = "id-" + site;
  c.name = "web-" + site;
  c.image = "php:apache";
  c.created = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(1));
  c.state = docker::container_state::running;
  c.environment = {{"VIRTUAL_HOST", site + ".test"}};
  c.mounts = {{.type = "bind", .name = {}, .source = "/sites/" + site + "/www", .destination = "/var/www/html"}};
  return c;
}

inline docker::containers containers_of(const std::vector<std::string>& sites) {
  docker::containers all;
  for (const auto& site : sites) all["id-" + site] = container_of(site);
  return all;
}

inline std::map<std::string, std::uint32_t> uids_of(const fake_machine& machine) {
  std::map<std::string, std::uint32_t> uids;
  for (const auto& [name, row] : machine.book) uids[name] = row.uid;
  return uids;
}

struct keeper_fixture {
  fake_machine machine;
  heberg::settings config;
  std::unique_ptr<syncd::keeper> keeper;
  docker::containers engine;

  static std::map<std::string, std::uint32_t> uids_of(const fake_machine& m) { return test::uids_of(m); }
  static docker::containers containers_of(const std::vector<std::string>& sites) { return test::containers_of(sites); }

  void start() {
    keeper = std::make_unique<syncd::keeper>(config, machine);
    keeper->start();
  }
  void restart() { start(); }

  docker::container& add(const std::string& site) { return engine["id-" + site] = container_of(site); }
  void take() { keeper->take(engine); }
  void take_change_of(const std::string& site) { keeper->take_changes(engine, {"id-" + site}); }
  void have(const std::vector<std::string>& sites) {
    engine = containers_of(sites);
    take();
  }

  // What is due now, without its hashes.
  void run() {
    for (int i = 0; i < 1000; ++i) {
      const auto next = keeper->work();
      if (!next || *next > machine.steady_time()) return;
    }
  }
  // Time passes in small steps, hashes included.
  void advance(std::chrono::milliseconds time) {
    const auto end = machine.now + time;
    for (;;) {
      run();
      machine.run_jobs(*keeper);
      run();
      if (machine.now >= end) return;
      // From one due time to the next, so that an hour of waiting costs nothing.
      const auto next = keeper->work();
      const auto due = next ? std::chrono::duration_cast<std::chrono::milliseconds>(next->time_since_epoch()) : end;
      machine.now = std::min(end, std::max(due, machine.now + std::chrono::milliseconds(1)));
    }
  }
  void settle() { advance(std::chrono::milliseconds(700)); }

  [[nodiscard]] std::vector<std::string> published() const {
    std::vector<std::string> names;
    for (const auto& [name, account] : machine.published) names.push_back(name);
    return names;
  }
};

}  // namespace heberg::test
