// SPDX-License-Identifier: LGPL-2.1-or-later
// The watcher against the fake engine, over a real socket: first without faults, then the same with each fault in turn.
// Long because each case runs on one script, once a fault.
#include "docker/watcher.h"

#include "support/fake_engine.h"
#include "support/temp_dir.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <functional>
#include <optional>
#include <stdexcept>

using namespace heberg::docker;
using namespace heberg::test;
using namespace std::chrono_literals;

namespace {

// A watcher under test, quick enough for faults to be sat out.
class observer {
 public:
  explicit observer(watch_options options) : watcher_(io_, std::move(options), handlers()) { watcher_.start(); }
  observer(const observer&) = delete;
  observer& operator=(const observer&) = delete;
  ~observer() {
    watcher_.stop();
    io_.restart();
    io_.run_for(5s);
    CHECK(io_.stopped());  // it ran dry
  }

  static watch_options quick(const fake_engine& engine) {
    watch_options options;
    options.host = engine.host();
    options.backoff_min = 5ms;
    options.backoff_max = 50ms;
    options.request_timeout = 300ms;
    return options;
  }

  // Runs until it holds; false after ten seconds.
  [[nodiscard]] bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    io_.restart();
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.run_one_for(20ms);
      if (io_.stopped()) io_.restart();
    }
    return true;
  }

  void run_for(std::chrono::milliseconds time) {
    io_.restart();
    io_.run_for(time);
  }

  [[nodiscard]] const container* find(std::string_view name) const {
    for (const auto& [id, c] : all) {
      if (c.name == name) return &c;
    }
    return nullptr;
  }

  // Known, with the environment that only an inspection tells?
  [[nodiscard]] bool sees(std::string_view name) const {
    const auto* c = find(name);
    return c != nullptr && c->inspected;
  }

  [[nodiscard]] bool logged(std::string_view part) const {
    for (const auto& line : logs) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

  watcher& operator*() { return watcher_; }

  containers all;
  int synced = 0, changed = 0, lost = 0;
  std::vector<std::string> logs;

 private:
  watch_handlers handlers() {
    return {.synced =
                [this](const containers& now) {
                  all = now;
                  ++synced;
                },
            .changed =
                [this](const containers& now, const container_ids& ids) {
                  CHECK(synced > 0);
                  for (const auto& id : ids) {
                    all.erase(id);
                    if (const auto found = now.find(id); found != now.end()) all.insert(*found);
                  }
                  CHECK(all == now);  // nothing else has changed
                  ++changed;
                },
            .lost = [this](std::string_view) { ++lost; },
            .log = [this](log_level, std::string_view message) { logs.emplace_back(message); }};
  }

  boost::asio::io_context io_{1};
  watcher watcher_;
};

fake_container site(int number) {
  const auto n = std::to_string(number);
  return make_container("site_" + n, "site-" + n + ".test", "/sites/site_" + n + "/www");
}

// What every script must come to, whatever happened on the way: a container that comes, one that changes, one that
// goes.
void check_that_it_follows(fake_engine& engine, observer& o) {
  engine.add(site(77));
  CHECK(o.until([&] { return o.sees("site_77"); }));
  engine.change(
      "site_77", [](auto& c) { c.state = "exited"; }, "die");
  CHECK(o.until([&] { return o.sees("site_77") && o.find("site_77")->state == container_state::exited; }));
  engine.remove("site_77");
  CHECK(o.until([&] { return o.find("site_77") == nullptr; }));
}

}  // namespace

TEST_CASE("the containers that exist are known whole") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  engine.add_silently(site(1));
  engine.add_silently(site(2));
  observer o(observer::quick(engine));
  REQUIRE(o.until([&] { return o.synced == 1; }));
  CHECK(o.all.size() == 2);
  REQUIRE(o.sees("site_1"));
  CHECK(*find_environment(*o.find("site_1"), "VIRTUAL_HOST") == "site-1.test");
  CHECK(o.find("site_1")->mounts.front().source == "/sites/site_1/www");
  CHECK(o.find("site_1")->networks.front().ipv4 == "172.17.0.2");
  CHECK(engine.count().inspects == 2);
  CHECK(engine.count().lists == 1);
  CHECK_THAT(engine.last_target(engine_call::list), Catch::StartsWith("/v1.41/"));
}

TEST_CASE("a container is followed through its life, at one inspection a step") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  for (int i = 1; i <= 50; ++i) engine.add_silently(site(i + 100));
  observer o(observer::quick(engine));
  REQUIRE(o.until([&] { return o.synced == 1; }));

  engine.add(site(1));  // three events
  REQUIRE(o.until([&] { return o.sees("site_1"); }));
  CHECK(engine.count_inspects("site_1") == 1);

  engine.change(
      "site_1", [](auto& c) { c.state = "paused"; }, "pause");
  REQUIRE(o.until([&] { return o.find("site_1")->state == container_state::paused; }));
  engine.change(
      "site_1", [](auto& c) { c.state = "running"; }, "unpause");
  REQUIRE(o.until([&] { return o.find("site_1")->state == container_state::running; }));
  engine.change(
      "site_1", [](auto& c) { c.health = "unhealthy"; }, "health_status: unhealthy");
  REQUIRE(o.until([&] { return o.find("site_1")->health == health::unhealthy; }));
  engine.connect("site_1", "sites", "10.1.0.2");
  REQUIRE(o.until([&] { return o.find("site_1")->networks.size() == 2; }));
  engine.disconnect("site_1", "sites");
  REQUIRE(o.until([&] { return o.find("site_1")->networks.size() == 1; }));
  engine.change(
      "site_1", [](auto& c) { c.name = "renamed"; }, "rename");
  REQUIRE(o.until([&] { return o.sees("renamed"); }));
  CHECK(engine.count_inspects("renamed") == 7);

  engine.remove("renamed");
  REQUIRE(o.until([&] { return o.find("renamed") == nullptr; }));
  CHECK(o.changed == 8);
  CHECK(engine.count().inspects == 57);
  CHECK(engine.count().lists == 1);
  CHECK((*o).count_calls().inspects == 57);
  CHECK((*o).count_calls().connects == 1);
}

TEST_CASE("what an image gives is asked for once, and known for each of its containers") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  for (int i = 1; i <= 20; ++i) engine.add_silently(site(i));
  auto labelled = site(50);
  labelled.image_labels = {{"heberg.site", "x"}};
  labelled.image_environment = {"A=1", "B=2=3"};
  engine.add_silently(labelled);
  observer o(observer::quick(engine));
  REQUIRE(o.until([&] { return o.synced == 1; }));
  CHECK(engine.count().images == 2);
  CHECK((*o).count_calls().images == 2);
  REQUIRE(o.find("site_50")->image_gives);
  CHECK(o.find("site_50")->image_gives->labels.at("heberg.site") == "x");
  CHECK(o.find("site_50")->image_gives->environment.at("B") == "2=3");
  CHECK(o.find("site_1")->image_gives == o.find("site_20")->image_gives);
  engine.add(site(51));
  REQUIRE(o.until([&] { return o.sees("site_51"); }));
  CHECK(engine.count().images == 2);
}

TEST_CASE("an image that the engine does not have is known as unknown, an engine that fails is asked again") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  engine.add_silently(site(1));
  auto options = observer::quick(engine);
  options.resync_interval = 20ms;
  SECTION("it is gone") {
    engine.inject({.call = engine_call::image, .effect = engine_fault::not_found});
    observer o(options);
    REQUIRE(o.until([&] { return o.sees("site_1"); }));
    CHECK(o.find("site_1")->image_gives->is_unknown);
    CHECK(o.logged("do not count"));
  }
  SECTION("the engine fails") {
    engine.inject({.call = engine_call::image, .effect = engine_fault::server_error, .times = 2});
    observer o(options);
    REQUIRE(o.until([&] { return o.sees("site_1"); }));
    CHECK_FALSE(o.find("site_1")->image_gives->is_unknown);
  }
}

TEST_CASE("connections are kept: many inspections, few connects") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  for (int i = 1; i <= 300; ++i) engine.add_silently(site(i));
  auto options = observer::quick(engine);
  options.inspect_connections = 4;
  observer o(options);
  REQUIRE(o.until([&] { return o.synced == 1; }));
  CHECK(o.all.size() == 300);
  CHECK(engine.count().inspects == 300);
  CHECK(engine.count().connections <= 6);
}

TEST_CASE("a connection that the engine closed between two calls is replaced without a word") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  observer o(observer::quick(engine));
  REQUIRE(o.until([&] { return o.synced == 1; }));
  // The list's connection is idle now; the inspection will meet it. One close is the idle connection's, the next would
  // be a fault.
  engine.inject({.call = engine_call::inspect, .effect = engine_fault::close, .times = 1});
  engine.add(site(1));
  REQUIRE(o.until([&] { return o.sees("site_1"); }));
  CHECK(o.lost == 0);
  CHECK_FALSE(o.logged("site"));
}

TEST_CASE("the periodic list finds what no event told, and inspects only that") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  for (int i = 1; i <= 20; ++i) engine.add_silently(site(i));
  auto options = observer::quick(engine);
  options.resync_interval = 50ms;
  observer o(options);
  REQUIRE(o.until([&] { return o.synced == 1; }));
  engine.add_silently(site(50));
  engine.remove_silently("site_1");
  engine.change(
      "site_2", [](auto& c) { c.state = "exited"; }, "");
  REQUIRE(o.until([&] {
    return o.sees("site_50") && o.find("site_1") == nullptr && o.find("site_2")->state == container_state::exited;
  }));
  const auto inspects = engine.count().inspects;
  CHECK(inspects == 22);
  const auto synced = o.synced;
  REQUIRE(o.until([&] { return o.synced == synced + 3; }));
  CHECK(engine.count().inspects == inspects);  // the "Up 3 seconds" of each entry changed; nobody asked
}

TEST_CASE("an engine behind TCP is followed as one behind a unix socket") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  engine.add_silently(site(1));
  auto options = observer::quick(engine);
  options.host = engine.listen_on_tcp();
  observer o(options);
  REQUIRE(o.until([&] { return o.synced == 1 && o.sees("site_1"); }));
  check_that_it_follows(engine, o);
  engine.close_connections();
  REQUIRE(o.until([&] { return o.synced == 2; }));
  check_that_it_follows(engine, o);
}

TEST_CASE("an engine that restarts is followed again, what was known stays known meanwhile") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  engine.add_silently(site(1));
  engine.add_silently(site(2));
  observer o(observer::quick(engine));
  REQUIRE(o.until([&] { return o.synced == 1; }));
  engine.go_away();
  REQUIRE(o.until([&] { return o.lost == 1; }));
  o.run_for(200ms);
  CHECK(o.lost == 1);
  CHECK(o.all.size() == 2);
  engine.remove_silently("site_1");
  engine.add_silently(site(3));
  engine.come_back();
  REQUIRE(o.until([&] { return o.synced == 2; }));
  CHECK(o.find("site_1") == nullptr);
  CHECK(o.sees("site_3"));
  CHECK(engine.count_inspects("site_2") == 1);
  check_that_it_follows(engine, o);
}

TEST_CASE("an engine that is not there yet is waited for") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  engine.go_away();
  observer o(observer::quick(engine));
  REQUIRE(o.until([&] { return o.lost == 1; }));
  CHECK(o.synced == 0);
  CHECK(o.logged("No such file or directory"));
  engine.come_back();
  REQUIRE(o.until([&] { return o.synced == 1; }));
  check_that_it_follows(engine, o);
}

TEST_CASE("an event stream that ends is opened again, and nothing is lost") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  engine.add_silently(site(1));
  observer o(observer::quick(engine));
  REQUIRE(o.until([&] { return o.synced == 1; }));
  engine.cut_events();
  engine.add(site(2));  // nobody may be listening
  REQUIRE(o.until([&] { return o.sees("site_2"); }));
  CHECK(o.lost == 1);
  CHECK(engine.count_inspects("site_1") == 1);
  check_that_it_follows(engine, o);
}

TEST_CASE("an engine that hangs, its stream open and silent, is found out by a ping") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  auto options = observer::quick(engine);
  options.ping_interval = 50ms;
  options.request_timeout = 100ms;
  observer o(options);
  REQUIRE(o.until([&] { return o.synced == 1; }));
  REQUIRE(o.until([&] { return engine.count().pings >= 2; }));
  CHECK(o.lost == 0);
  engine.hang(true);
  REQUIRE(o.until([&] { return o.lost == 1; }));
  engine.add(site(1));
  engine.hang(false);
  REQUIRE(o.until([&] { return o.sees("site_1"); }));
  check_that_it_follows(engine, o);
}

TEST_CASE("whatever fails once on the way, it gets there") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  engine.add_silently(site(1));
  engine.add_silently(site(2));
  const auto call = GENERATE(engine_call::version, engine_call::list, engine_call::events);
  const auto effect =
      GENERATE(engine_fault::close, engine_fault::cut, engine_fault::malformed, engine_fault::wrong_shape,
               engine_fault::not_found, engine_fault::server_error, engine_fault::huge, engine_fault::hang);
  CAPTURE(static_cast<int>(call), static_cast<int>(effect));
  engine.inject({.call = call, .effect = effect});
  observer o(observer::quick(engine));
  REQUIRE(o.until([&] { return o.synced == 1 && o.sees("site_1") && o.sees("site_2"); }));
  CHECK(o.lost <= 1);
  check_that_it_follows(engine, o);
}

TEST_CASE("an inspection that fails at the start, in whatever way, holds up no other") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  for (int i = 1; i <= 30; ++i) engine.add_silently(site(i));
  const auto effect =
      GENERATE(engine_fault::close, engine_fault::cut, engine_fault::malformed, engine_fault::wrong_shape,
               engine_fault::server_error, engine_fault::huge, engine_fault::hang);
  CAPTURE(static_cast<int>(effect));
  engine.inject({.effect = effect, .name = "site_5", .times = 2});  // also where it is tried again on a new connection
  auto options = observer::quick(engine);
  options.resync_interval = 1h;
  SECTION("the rest is there, the one is as listed") {
    observer o(options);
    REQUIRE(o.until([&] { return o.synced == 1; }));
    CHECK(o.all.size() == 30);
    CHECK(o.lost == 0);
    CHECK(o.sees("site_4"));
    REQUIRE(o.find("site_5") != nullptr);
    if (!o.sees("site_5")) CHECK(o.logged(o.find("site_5")->id.substr(0, 12)));
    check_that_it_follows(engine, o);
  }
  SECTION("and it is whole after the next list") {
    options.resync_interval = 20ms;
    observer o(options);
    REQUIRE(o.until([&] { return o.sees("site_5"); }));
    CHECK(o.lost == 0);
  }
}

TEST_CASE("a container that is gone before its inspection is not known") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  engine.add_silently(site(1));
  engine.add_silently(site(2));
  engine.inject({.effect = engine_fault::not_found, .name = "site_1"});
  observer o(observer::quick(engine));
  REQUIRE(o.until([&] { return o.synced == 1; }));
  CHECK(o.find("site_1") == nullptr);
  CHECK(o.sees("site_2"));
}

TEST_CASE("an event that is no JSON, or endless, is made up for by a list") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  observer o(observer::quick(engine));
  REQUIRE(o.until([&] { return o.synced == 1; }));
  engine.add_silently(site(1));
  SECTION("no JSON") {
    engine.send_event("{\"Type\":");
  }
  SECTION("endless") {
    engine.send_event("{\"Type\":\"container\",\"x\":\"" + std::string(3 << 20, 'x') + "\"}");
  }
  REQUIRE(o.until([&] { return o.sees("site_1"); }));
  CHECK(o.logged("cannot be read"));
  check_that_it_follows(engine, o);
}

TEST_CASE("an engine too new or too old is refused in words that say so") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  engine.set_versions("1.99", "1.90");
  CHECK_THROWS_WITH(static_cast<void>(fetch_containers(observer::quick(engine))),
                    "the engine supports API 1.90 to 1.99, this program 1.25 to 1.47");
  engine.set_versions("1.99", "1.24");
  CHECK(fetch_containers(observer::quick(engine)).empty());
  CHECK_THAT(engine.last_target(engine_call::list), Catch::StartsWith("/v1.47/"));
}

TEST_CASE("fetch_containers gives what there is, once") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  for (int i = 1; i <= 20; ++i) engine.add_silently(site(i));
  const auto all = fetch_containers(observer::quick(engine));
  CHECK(all.size() == 20);
  CHECK(all.begin()->second.inspected);
}

TEST_CASE("fetch_containers says which call failed") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  const auto options = observer::quick(engine);
  const auto fetch = [&options] { static_cast<void>(fetch_containers(options)); };
  SECTION("connect") {
    engine.go_away();
    CHECK_THROWS_WITH(fetch(), "connect to " + (folder / "s").string() + ": No such file or directory");
  }
  SECTION("version") {
    engine.inject({.call = engine_call::version, .effect = engine_fault::server_error});
    CHECK_THROWS_WITH(fetch(), Catch::StartsWith("GET /version: the engine answers 500"));
  }
  SECTION("events") {
    engine.inject({.call = engine_call::events, .effect = engine_fault::server_error});
    CHECK_THROWS_WITH(fetch(), Catch::StartsWith("GET /events: the engine answers 500"));
  }
  SECTION("list") {
    engine.inject({.call = engine_call::list, .effect = engine_fault::malformed});
    CHECK_THROWS_WITH(fetch(), Catch::StartsWith("the answer to GET /containers/json is not JSON"));
  }
}

TEST_CASE("a host of another kind is refused by its name") {
  boost::asio::io_context io;
  CHECK_THROWS_AS(watcher(io, {.host = "ssh://x"}, {}), std::invalid_argument);
  CHECK_THROWS_WITH(watcher(io, {.host = "ssh://x"}, {}), Catch::Contains("ssh://x"));
}

TEST_CASE("a watcher can be stopped by its own handler, at any moment, and before it began") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  engine.add_silently(site(1));
  boost::asio::io_context io(1);
  std::optional<watcher> w;
  int calls = 0;
  watch_handlers handlers;
  handlers.synced = [&](const containers&) {
    ++calls;
    w->stop();
  };
  w.emplace(io, observer::quick(engine), handlers);
  w->start();
  SECTION("at once") {
    w->stop();
    io.run_for(5s);
    CHECK(calls == 0);
  }
  SECTION("by the handler") {
    io.run_for(5s);
    CHECK(calls == 1);
  }
  SECTION("after each step") {
    for (int steps = 0; steps < 40; ++steps) {
      w.emplace(io, observer::quick(engine), handlers);
      w->start();
      io.restart();
      for (int i = 0; i < steps; ++i) io.run_one_for(100ms);
      w.reset();
      io.restart();
      io.run_for(5s);
      CHECK(io.stopped());
    }
  }
  CHECK(io.stopped());
}

TEST_CASE("what a handler throws leaves the io_context's run()") {
  const temp_dir folder;
  fake_engine engine(folder / "s");
  boost::asio::io_context io(1);
  watch_handlers handlers;
  handlers.synced = [](const containers&) { throw std::runtime_error("the handler's own"); };
  watcher w(io, observer::quick(engine), handlers);
  w.start();
  CHECK_THROWS_WITH(io.run_for(5s), "the handler's own");
}
