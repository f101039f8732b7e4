// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/keeper.h"

#include "fake_machine.h"
#include "keeper_fixture.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;
using heberg::test::keeper_fixture;
using uids = std::set<std::uint32_t>;

TEST_CASE_METHOD(keeper_fixture,
                 "a container's account is in the ledger, has its tree, is published, and gets its hash after") {
  start();
  have({"a"});
  run();
  CHECK(machine.book.at("a").uid == 20000);
  CHECK(machine.trees.at("a") == 20000);
  const auto& account = machine.published.at("a");
  CHECK(account.home == "/sites/a");
  CHECK(account.gecos == "a.test");
  CHECK(account.shell == "/usr/sbin/nologin");
  CHECK(account.hash == "*");
  CHECK_FALSE(account.locked);

  settle();
  CHECK(machine.hash_of("a") == "hash of made-a");
  CHECK(machine.has_logged("info a: account made, uid 20000"));
  CHECK(machine.has_logged("info a: password made: made-a (also in /sites/a/.heberg/password)"));
}

TEST_CASE_METHOD(keeper_fixture, "at the start what the ledger says is published, though the engine does not answer") {
  start();
  have({"a", "b"});
  settle();
  have({"a"});
  advance(6s);
  restart();
  machine.published.clear();
  run();
  CHECK(published() == std::vector<std::string>{"a"});
  advance(1h);
  CHECK(published() == std::vector<std::string>{"a"});
}

TEST_CASE_METHOD(keeper_fixture,
                 "a site without a container is retired after retire_after, and its sessions are cut thrice") {
  start();
  have({"a"});
  settle();
  have({});
  advance(4s);
  CHECK(published() == std::vector<std::string>{"a"});
  CHECK(machine.cuts.empty());
  advance(1500ms);
  CHECK(published().empty());
  CHECK(machine.cuts == std::vector<uids>{{20000}});
  advance(5s);
  CHECK(machine.cuts == std::vector<uids>{{20000}, {20000}, {20000}});
  CHECK(machine.book.at("a").is_retired());
}

TEST_CASE_METHOD(keeper_fixture,
                 "a tree that was moved away after its container is not made again, whatever is listed meanwhile") {
  start();
  have({"a", "b"});
  settle();
  have({"b"});
  machine.trees.erase("a");
  machine.trees.erase("b");
  have({"b"});
  settle();
  CHECK_FALSE(machine.trees.contains("a"));
  CHECK(machine.trees.contains("b"));
  have({"a", "b"});
  settle();
  CHECK(machine.trees.contains("a"));
}

TEST_CASE_METHOD(keeper_fixture, "a site that comes back keeps its UID, its hash and its sessions") {
  start();
  have({"a"});
  settle();
  have({});
  advance(5500ms);
  const auto cuts = machine.cuts.size();
  have({"b", "a"});
  settle();
  advance(10s);
  CHECK(machine.published.at("a").id == 20000);
  CHECK(machine.hash_of("a") == "hash of made-a");
  CHECK(machine.published.at("b").id == 20001);
  CHECK(machine.cuts.size() == cuts);
}

TEST_CASE_METHOD(keeper_fixture, "while the engine is lost nobody is retired") {
  start();
  have({"a"});
  settle();
  have({});
  keeper->lose_engine();
  advance(1h);
  CHECK(published() == std::vector<std::string>{"a"});
  have({"a"});
  advance(1h);
  CHECK(published() == std::vector<std::string>{"a"});
}

TEST_CASE_METHOD(keeper_fixture, "a refused container is told of once, by name, and the others are served") {
  start();
  auto& hostile = add("root");
  hostile.name = "evil";
  add("a");
  take();
  settle();
  CHECK(published() == std::vector<std::string>{"a"});
  CHECK(machine.has_logged("warning container \"evil\": no site's: invalid site name \"root\": it is a system user"));
  const auto lines = machine.lines.size();
  take();
  settle();
  CHECK(machine.lines.size() == lines);
  CHECK(keeper->count_refused() == 1);
}

TEST_CASE_METHOD(keeper_fixture, "a name that another source knows is told of once, and tried again with each list") {
  machine.foreign["a"] = "somebody else's";
  start();
  have({"a"});
  settle();
  have({"a"});
  settle();
  CHECK(published().empty());
  CHECK(std::count(machine.lines.begin(), machine.lines.end(), "warning a: no account: somebody else's") == 1);
  machine.foreign.clear();
  have({"a"});
  settle();
  CHECK(published() == std::vector<std::string>{"a"});
}

TEST_CASE_METHOD(keeper_fixture,
                 "a ledger that cannot be written holds everything back, is told of once, and tried again") {
  start();
  run();
  machine.ledger_fails = true;
  have({"a"});
  settle();
  advance(5s);
  CHECK(published().empty());
  CHECK(machine.trees.empty());
  CHECK(keeper->has_failed());
  CHECK(std::count_if(machine.lines.begin(), machine.lines.end(),
                      [](const auto& line) { return line.starts_with("error ledger"); }) == 1);
  CHECK_FALSE(machine.has_logged("account made"));
  machine.ledger_fails = false;
  advance(1500ms);
  settle();
  CHECK(published() == std::vector<std::string>{"a"});
  CHECK(machine.has_logged("info ledger: is well again"));
}

TEST_CASE_METHOD(keeper_fixture,
                 "a directory that cannot be published is told of, tried again, and sessions are cut all the same") {
  start();
  have({"a"});
  settle();
  machine.directory_fails = true;
  have({});
  advance(6s);
  CHECK(published() == std::vector<std::string>{"a"});
  CHECK(machine.has_logged("error directory: directory: disk full"));
  CHECK_FALSE(machine.cuts.empty());
  machine.directory_fails = false;
  const auto cuts = machine.cuts.size();
  advance(1500ms);
  CHECK(published().empty());
  CHECK(machine.cuts.size() > cuts);
}

TEST_CASE_METHOD(keeper_fixture,
                 "an unsound sites root is named, no tree is touched, and accounts are published all the same") {
  machine.root_problem = "/sites is writable by its group";
  start();
  have({"a"});
  settle();
  CHECK(machine.has_logged("error sites root: /sites is writable by its group"));
  CHECK(machine.trees.empty());
  CHECK(machine.looks == 0);
  CHECK(published() == std::vector<std::string>{"a"});
  machine.root_problem.clear();
  have({"a"});
  settle();
  CHECK(machine.trees.contains("a"));
}

TEST_CASE_METHOD(keeper_fixture, "what is wrong with a tree is told once, and when it is well again") {
  machine.tree_problems = {"/sites/a/www belongs to 33:33"};
  start();
  have({"a"});
  settle();
  have({"a"});
  settle();
  CHECK(std::count(machine.lines.begin(), machine.lines.end(), "warning a: /sites/a/www belongs to 33:33") == 1);
  machine.tree_problems.clear();
  have({"a"});
  settle();
  CHECK(machine.has_logged("info a: is well again"));
}

TEST_CASE_METHOD(keeper_fixture, "changes that come together are one publication, and one alone is published at once") {
  start();
  run();
  advance(1s);
  const auto before = machine.publications;
  have({"a"});
  run();
  CHECK(machine.publications == before + 1);
  for (const auto* name : {"b", "c", "d"}) {
    add(name);
    take_change_of(name);
    run();
  }
  CHECK(machine.publications == before + 1);
  advance(150ms);
  CHECK(machine.publications == before + 2);
  CHECK(machine.published.size() == 4);
}

TEST_CASE_METHOD(keeper_fixture, "a locked site is listed as locked, its sessions are cut, and unlocking undoes it") {
  start();
  have({"a"});
  settle();
  CHECK(keeper->lock("a", "unpaid").empty());
  CHECK(machine.published.at("a").locked);
  CHECK(machine.book.at("a").lock_reason == "unpaid");
  CHECK(machine.cuts == std::vector<uids>{{20000}});
  CHECK(keeper->unlock("a").empty());
  CHECK_FALSE(machine.published.at("a").locked);
  advance(10s);
  CHECK(machine.cuts.size() == 1);
  CHECK(keeper->lock("nobody", "") == "no such site");
}

TEST_CASE_METHOD(keeper_fixture, "a lock that cannot be saved says so") {
  start();
  have({"a"});
  settle();
  machine.ledger_fails = true;
  CHECK_FALSE(keeper->lock("a", "unpaid").empty());
  machine.ledger_fails = false;
  advance(2s);
  CHECK(machine.published.at("a").locked);
}

TEST_CASE_METHOD(
    keeper_fixture,
    "at the start the sessions of retired and locked accounts are cut: the last run may not have come to it") {
  start();
  have({"a", "b", "c"});
  settle();
  REQUIRE(keeper->lock("b", "").empty());
  have({"b", "c"});
  advance(10s);
  machine.cuts.clear();
  restart();
  run();
  CHECK(machine.cuts == std::vector<uids>{{20000, 20001}});
}

TEST_CASE_METHOD(
    keeper_fixture,
    "stopped dead before or after any step, the next start makes ledger, trees, directory and engine agree") {
  const bool after = GENERATE(false, true);
  for (int n = 0; n < 60; ++n) {
    test::fake_machine world;
    (after ? world.kill_after : world.kill_before) = n;
    bool was_killed = false;
    // One life: a and b come, b goes for good, c comes.
    const auto live = [&](heberg::syncd::keeper& k, const std::vector<std::vector<std::string>>& phases) {
      k.start();
      for (const auto& phase : phases) {
        k.take(containers_of(phase));
        for (int i = 0; i < 80; ++i) {
          k.work();
          world.run_jobs(k);
          world.now += 100ms;
        }
      }
    };
    {
      heberg::syncd::keeper k(settings(), world);
      try {
        live(k, {{"a", "b"}, {"a"}, {"a", "c"}});
      } catch (const test::killed&) {
        was_killed = true;
      }
    }
    world.kill_before = world.kill_after = -1;
    const auto uids_before = uids_of(world);
    heberg::syncd::keeper k(settings(), world);
    live(k, {{"a", "c"}});
    INFO("killed " << (after ? "after" : "before") << " step " << n);
    CHECK(world.published.size() == 2);
    CHECK(world.published.at("a").hash == "hash of made-a");
    CHECK(world.published.at("c").hash == "hash of made-c");
    CHECK(world.published.at("a").id != world.published.at("c").id);
    CHECK(world.trees.at("a") == world.published.at("a").id);
    CHECK(world.trees.at("c") == world.published.at("c").id);
    // Whatever was in the ledger once is there for ever, with its UID.
    for (const auto& [name, uid] : uids_before) CHECK(world.book.at(name).uid == uid);
    if (world.book.contains("b")) CHECK(world.book.at("b").is_retired());
    if (!was_killed) return;  // n is beyond the last step
  }
  FAIL("the life above has more steps than expected");
}
