// SPDX-License-Identifier: LGPL-2.1-or-later
// An account_manager on a fake host, and an engine whose containers the test names.
#pragma once

#include "fake_host.h"

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

inline std::map<std::string, std::uint32_t> uids_of(const fake_host& host) {
  std::map<std::string, std::uint32_t> uids;
  for (const auto& [name, row] : host.book) uids[name] = row.uid;
  return uids;
}

struct account_fixture {
  fake_host host;
  heberg::settings config;
  std::unique_ptr<syncd::account_manager> accounts;
  docker::containers engine;

  static std::map<std::string, std::uint32_t> uids_of(const fake_host& m) { return test::uids_of(m); }
  static docker::containers containers_of(const std::vector<std::string>& sites) { return test::containers_of(sites); }

  void start() {
    accounts = std::make_unique<syncd::account_manager>(config, host.access());
    accounts->start();
  }
  void restart() { start(); }

  docker::container& add(const std::string& site) { return engine["id-" + site] = container_of(site); }
  void take() { accounts->take(engine); }
  void take_change_of(const std::string& site) { accounts->take_changes(engine, {"id-" + site}); }
  void have(const std::vector<std::string>& sites) {
    engine = containers_of(sites);
    take();
  }

  // What is due now, without its hashes.
  void run() {
    for (int i = 0; i < 1000; ++i) {
      const auto next = accounts->work();
      if (!next || *next > host.steady_now()) return;
    }
  }
  // Time passes in small steps, hashes included.
  void advance(std::chrono::milliseconds time) {
    const auto end = host.now + time;
    for (;;) {
      run();
      host.run_jobs(*accounts);
      run();
      if (host.now >= end) return;
      // From one due time to the next, so that an hour of waiting costs nothing.
      const auto next = accounts->work();
      const auto due = next ? std::chrono::duration_cast<std::chrono::milliseconds>(next->time_since_epoch()) : end;
      host.now = std::min(end, std::max(due, host.now + std::chrono::milliseconds(1)));
    }
  }
  void settle() { advance(std::chrono::milliseconds(700)); }

  [[nodiscard]] std::vector<std::string> published() const {
    std::vector<std::string> names;
    for (const auto& [name, account] : host.published) names.push_back(name);
    return names;
  }
};

}  // namespace heberg::test
