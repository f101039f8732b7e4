// SPDX-License-Identifier: LGPL-2.1-or-later
// The whole forwarder against the fake engine, which follows as badly as a real one.
#include "syncd/logs/forwarder.h"

#include "support/fake_engine.h"
#include "support/fake_owners.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

using namespace heberg;
using namespace std::chrono_literals;
using Catch::Contains;
using test::fake_log;
using test::fake_log_entry;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t k_start = 1'795'540'673'000'000'000;  // 2026-11-24T17:17:53Z

struct forwarder_fixture {
  test::temp_dir dir;
  test::fake_engine engine{dir / "docker.sock"};
  settings config;
  std::shared_ptr<test::fake_owners> owners = std::make_shared<test::fake_owners>();
  std::optional<syncd::forwarder> forwarder;
  std::vector<syncd::followed_container> followed;
  std::mutex mutex;
  std::vector<std::string> said;
  std::int64_t stamp = k_start;
  std::optional<std::size_t> max_wakeups;

  forwarder_fixture() {
    config.state_dir = (dir / "state").string();
    config.sites.root = (dir / "sites").string();
    config.docker.host = engine.host();
    fs::create_directory(dir / "sites");
  }
  ~forwarder_fixture() { forwarder.reset(); }

  void start() {
    const auto log = [this](level, std::string_view text) {
      const std::lock_guard lock(mutex);
      said.emplace_back(text);
    };
    const syncd::archive_rules rules{.keep = config.logs.keep, .compress = config.logs.compress == "gzip"};
    forwarder.emplace(config,
                      syncd::forwarder_parts{owners, dir.path().parent_path().string(), log,
                                             std::make_shared<syncd::log_archive>(rules, owners, log), max_wakeups});
    forwarder->follow(followed);
  }

  void run(const std::string& site, bool tty = false, bool up = true) {
    fs::create_directories(dir / ("sites/" + site + "/logs"));
    auto c = test::make_container("web-" + site, site + ".test", config.sites.root + "/" + site + "/www");
    c.tty = tty;
    if (!up) c.state = "exited";
    const auto id = engine.add(std::move(c));
    followed.push_back({.id = id, .site = site, .group = 20000, .tty = tty, .is_up = up});
    if (forwarder) forwarder->follow(followed);
  }
  void remove(const std::string& site) {
    engine.remove("web-" + site);
    std::erase_if(followed, [&](const auto& c) { return c.site == site; });
    forwarder->follow(followed);
  }
  void stop_container(const std::string& site) {
    engine.change(
        "web-" + site, [](auto& c) { c.state = "exited"; }, "die");
    for (auto& c : followed) {
      if (c.site == site) c.is_up = false;
    }
    forwarder->follow(followed);
  }

  void write(const std::string& site, const std::string& text, int stream = 1) {
    engine.change_log("web-" + site, [&](fake_log& log) { log.entries.push_back({stream, ++stamp, text}); });
  }
  // Numbered lines; what the files should hold.
  std::string write_lines(const std::string& site, int from, int to) {
    std::string all;
    engine.change_log("web-" + site, [&](fake_log& log) {
      for (int i = from; i < to; ++i) {
        const auto line = "line " + std::to_string(i) + "\n";
        log.entries.push_back({1, ++stamp, line});
        all += line;
      }
    });
    return all;
  }

  std::string read(const std::string& site, const char* name = "access.log") const {
    const auto path = dir / ("sites/" + site + "/logs/" + name);
    return fs::exists(path) ? test::read_file(path) : "";
  }
  template <class condition>
  bool until(condition holds, std::chrono::milliseconds limit = 8s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }
  bool has_said(std::string_view text) {
    const std::lock_guard lock(mutex);
    return std::any_of(said.begin(), said.end(), [&](const auto& s) { return s.find(text) != std::string::npos; });
  }
};

}  // namespace

TEST_CASE_METHOD(forwarder_fixture,
                 "what a container has written, and what it writes from then on, is in its site's files") {
  run("a");
  write("a", "before\n");
  start();
  REQUIRE(until([&] { return read("a") == "before\n"; }));
  write("a", "oh\n", 2);
  write("a", "after\n");
  REQUIRE(until([&] { return read("a") == "before\nafter\n"; }));
  REQUIRE(until([&] { return read("a", "error.log") == "oh\n"; }));
}

TEST_CASE_METHOD(forwarder_fixture, "an engine that loses and repeats lines for those who follow makes no difference") {
  run("a");
  engine.change_log("web-a", [](fake_log& log) {
    log.lose_when_following = 3;
    log.repeat_when_following = true;
  });
  start();
  std::string all;
  for (int i = 0; i < 40; ++i) {
    all += write_lines("a", i * 50, i * 50 + 50);
    std::this_thread::sleep_for(10ms);
  }
  REQUIRE(until([&] { return read("a").size() >= all.size(); }));
  CHECK(read("a") == all);
}

TEST_CASE_METHOD(forwarder_fixture,
                 "a burst larger than what was asked for is asked for again, until nothing is missing") {
  run("a");
  std::string all = write_lines("a", 0, 10);
  start();
  REQUIRE(until([&] { return read("a") == all; }));
  all += write_lines("a", 10, 100'000);
  REQUIRE(until([&] { return read("a").size() >= all.size(); }));
  CHECK(read("a") == all);
}

TEST_CASE_METHOD(forwarder_fixture, "a restart goes on where the last one stopped") {
  run("a");
  std::string all = write_lines("a", 0, 1000);
  start();
  REQUIRE(until([&] { return read("a") == all; }));
  forwarder.reset();
  all += write_lines("a", 1000, 2000);
  start();
  REQUIRE(until([&] { return read("a").size() >= all.size(); }));
  CHECK(read("a") == all);
}

TEST_CASE_METHOD(forwarder_fixture, "a line that is open while the other stream goes on is whole when it is written") {
  run("a");
  start();
  write("a", "first\n");
  REQUIRE(until([&] { return read("a") == "first\n"; }));
  engine.change_log("web-a", [&](fake_log& log) { log.entries.push_back({1, stamp + 1, "half "}); });
  const auto open_stamp = ++stamp;
  for (int i = 0; i < 300; ++i) write("a", "e\n", 2);
  REQUIRE(until([&] { return read("a", "error.log").size() == 600; }));
  const bool restarts = GENERATE(false, true);
  if (restarts) {
    forwarder.reset();
    start();
  }
  CHECK(read("a") == "first\n");
  engine.change_log("web-a", [&](fake_log& log) { log.entries.push_back({1, open_stamp, "and whole\n"}); });
  REQUIRE(until([&] { return read("a") == "first\nhalf and whole\n"; }));
  CHECK(read("a", "error.log").size() == 600);
}

TEST_CASE_METHOD(forwarder_fixture,
                 "a removed container's final lines are in the file, though the engine has nothing left to fetch") {
  run("a");
  start();
  const auto asked = [&] { return engine.count().logs; };
  REQUIRE(until([&] { return asked() >= 2; }));  // a fetch, and the wake-up connection
  std::this_thread::sleep_for(50ms);
  engine.change_log("web-a", [&](fake_log& log) { log.entries.push_back({1, ++stamp, "last\n"}); });
  remove("a");
  REQUIRE(until([&] { return read("a") == "last\n"; }));
}

TEST_CASE_METHOD(forwarder_fixture, "a removed container's final lines are in the file whole, however many") {
  run("a");
  start();
  REQUIRE(until([&] { return engine.count().logs >= 2; }));  // a fetch, and the wake-up connection
  std::this_thread::sleep_for(50ms);
  const auto all = write_lines("a", 0, 60'000);
  REQUIRE(all.size() > (512 << 10));
  remove("a");
  REQUIRE(until([&] { return read("a").size() >= all.size(); }));
  CHECK(read("a") == all);
}

TEST_CASE_METHOD(forwarder_fixture, "containers beyond the limit of open files are polled") {
  max_wakeups = 1;
  for (const auto* site : {"a", "b", "c"}) run(site);
  start();
  REQUIRE(until([&] { return engine.count().logs >= 4; }));  // three fetches, and one wake-up connection
  for (int i = 0; i < 2; ++i) {
    const auto line = "line " + std::to_string(i) + "\n";
    for (const auto* site : {"a", "b", "c"}) write(site, line);
    for (const auto* site : {"a", "b", "c"}) {
      INFO(site);
      CHECK(until([&] { return read(site).ends_with(line); }, 7s));
    }
  }
  CHECK(has_said("more than 1 containers"));
}

TEST_CASE_METHOD(forwarder_fixture, "what a container left without a newline is a line when it has ended") {
  run("a");
  start();
  write("a", "whole\n");
  write("a", "half");
  REQUIRE(until([&] { return read("a") == "whole\n"; }));
  stop_container("a");
  REQUIRE(until([&] { return read("a") == "whole\nhalf\n"; }));
}

TEST_CASE_METHOD(forwarder_fixture, "a TTY container's lines are access.log's, without carriage returns") {
  run("a", true);
  start();
  write("a", "one\n");
  write("a", "two\n");
  REQUIRE(until([&] { return read("a") == "one\ntwo\n"; }));
}

TEST_CASE_METHOD(forwarder_fixture, "a container that has ended before is read once, and then left alone") {
  run("a", false, false);
  write("a", "old\n");
  start();
  REQUIRE(until([&] { return read("a") == "old\n"; }));
  REQUIRE(until([&] { return engine.count().logs >= 2; }));
  const auto asked = engine.count().logs;
  CHECK_FALSE(until([&] { return engine.count().logs > asked + 1; }, 1500ms));
}

TEST_CASE_METHOD(forwarder_fixture, "a container whose log cannot be read is told of once, others go on") {
  run("a");
  run("b");
  engine.change_log("web-a", [](fake_log& log) { log.status = 501; });
  write("b", "fine\n");
  start();
  REQUIRE(until([&] { return has_said("a: the log of container"); }));
  REQUIRE(until([&] { return read("b") == "fine\n"; }));
}

TEST_CASE_METHOD(forwarder_fixture, "an engine that goes away in mid-answer loses and repeats nothing") {
  run("a");
  std::string all = write_lines("a", 0, 5000);
  engine.inject({.call = test::engine_call::logs, .effect = test::engine_fault::cut, .times = 3});
  start();
  REQUIRE(until([&] { return read("a") == all; }));
  engine.go_away();
  all += write_lines("a", 5000, 9000);
  engine.come_back();
  REQUIRE(until([&] { return read("a").size() >= all.size(); }));
  CHECK(read("a") == all);
}

TEST_CASE_METHOD(forwarder_fixture,
                 "without a sound sites root nothing is read or lost: the lines come when it is sound") {
  run("a");
  write("a", "waits\n");
  fs::permissions(dir / "sites", static_cast<fs::perms>(0777));
  config.sites.root = (dir / "sites").string();
  fs::rename(dir / "sites", dir / "elsewhere");
  start();
  REQUIRE(until([&] { return has_said("logs: not forwarded: "); }));
  fs::permissions(dir / "elsewhere", static_cast<fs::perms>(0755));
  fs::rename(dir / "elsewhere", dir / "sites");
  REQUIRE(until([&] { return read("a") == "waits\n"; }));
}

TEST_CASE_METHOD(forwarder_fixture,
                 "a log that cannot be written holds its container's reading up, within bounds, and nobody else's") {
  run("a");
  run("b");
  fs::create_directory(dir / "sites/a/logs/access.log");
  std::string all;
  for (int i = 0; i < 30; ++i) all += write_lines("a", i * 10'000, i * 10'000 + 10'000);
  start();
  REQUIRE(until([&] { return has_said("a: access.log is a folder"); }));
  write("b", "fine\n");
  REQUIRE(until([&] { return read("b") == "fine\n"; }));
  fs::remove(dir / "sites/a/logs/access.log");
  REQUIRE(until([&] { return read("a").size() >= all.size(); }, 20s));
  CHECK(read("a") == all);
}

TEST_CASE_METHOD(forwarder_fixture, "rotation by hand: nothing is lost, and the old log has its date") {
  run("a");
  std::string all = write_lines("a", 0, 100);
  start();
  REQUIRE(until([&] { return read("a") == all; }));
  forwarder->rotate("a");
  REQUIRE(until([&] { return read("a").empty(); }));
  const auto more = write_lines("a", 100, 200);
  REQUIRE(until([&] { return read("a") == more; }));
}
