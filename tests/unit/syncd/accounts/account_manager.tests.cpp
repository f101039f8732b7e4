// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/account_manager.h"

#include "account_fixture.h"
#include "fake_host.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;
using heberg::test::account_fixture;
using uids = std::set<std::uint32_t>;

TEST_CASE_METHOD(account_fixture,
                 "a container's account is in the ledger, has its tree, is published, and gets its hash after") {
  start();
  have({"a"});
  run();
  CHECK(host.book.at("a").uid == 20000);
  CHECK(host.trees.at("a") == 20000);
  const auto& account = host.published.at("a");
  CHECK(account.home == "/sites/a");
  CHECK(account.gecos == "a.test");
  CHECK(account.shell == "/usr/sbin/nologin");
  CHECK(account.hash == "*");
  CHECK_FALSE(account.locked);

  settle();
  CHECK(host.hash_of("a") == "hash of made-a");
  CHECK(host.has_logged("info a: account made, uid 20000"));
  CHECK(host.has_logged("info a: password made: made-a (also in /sites/a/.heberg/password)"));
}

TEST_CASE_METHOD(account_fixture, "at the start what the ledger says is published, though the engine does not answer") {
  start();
  have({"a", "b"});
  settle();
  have({"a"});
  advance(6s);
  restart();
  host.published.clear();
  run();
  CHECK(published() == std::vector<std::string>{"a"});
  advance(1h);
  CHECK(published() == std::vector<std::string>{"a"});
}

TEST_CASE_METHOD(account_fixture,
                 "a site without a container is retired after retire_after, and its sessions are cut thrice") {
  start();
  have({"a"});
  settle();
  have({});
  advance(4s);
  CHECK(published() == std::vector<std::string>{"a"});
  CHECK(host.cuts.empty());
  advance(1500ms);
  CHECK(published().empty());
  CHECK(host.cuts == std::vector<uids>{{20000}});
  advance(5s);
  CHECK(host.cuts == std::vector<uids>{{20000}, {20000}, {20000}});
  CHECK(host.book.at("a").is_retired());
}

TEST_CASE_METHOD(account_fixture,
                 "a tree that was moved away after its container is not made again, whatever is listed meanwhile") {
  start();
  have({"a", "b"});
  settle();
  have({"b"});
  host.trees.erase("a");
  host.trees.erase("b");
  have({"b"});
  settle();
  CHECK_FALSE(host.trees.contains("a"));
  CHECK(host.trees.contains("b"));
  have({"a", "b"});
  settle();
  CHECK(host.trees.contains("a"));
}

TEST_CASE_METHOD(account_fixture, "a site that comes back keeps its UID, its hash and its sessions") {
  start();
  have({"a"});
  settle();
  have({});
  advance(5500ms);
  const auto cuts = host.cuts.size();
  have({"b", "a"});
  settle();
  advance(10s);
  CHECK(host.published.at("a").id == 20000);
  CHECK(host.hash_of("a") == "hash of made-a");
  CHECK(host.published.at("b").id == 20001);
  CHECK(host.cuts.size() == cuts);
}

TEST_CASE_METHOD(account_fixture, "while the engine does not answer no account is retired") {
  start();
  have({"a"});
  settle();
  have({});
  accounts->lose_engine();
  advance(1h);
  CHECK(published() == std::vector<std::string>{"a"});
  have({"a"});
  advance(1h);
  CHECK(published() == std::vector<std::string>{"a"});
}

TEST_CASE_METHOD(account_fixture, "a refused container is reported once, by name, and the others are served") {
  start();
  auto& hostile = add("root");
  hostile.name = "evil";
  add("a");
  take();
  settle();
  CHECK(published() == std::vector<std::string>{"a"});
  CHECK(
      host.has_logged("warning container \"evil\": not accepted as a site's container: invalid site name \"root\": it "
                      "is a system user"));
  const auto lines = host.lines.size();
  take();
  settle();
  CHECK(host.lines.size() == lines);
  CHECK(accounts->count_refused() == 1);
}

TEST_CASE_METHOD(account_fixture, "a name that another source knows is reported once, and tried again with each list") {
  host.foreign["a"] = "somebody else's";
  start();
  have({"a"});
  settle();
  have({"a"});
  settle();
  CHECK(published().empty());
  CHECK(std::count(host.lines.begin(), host.lines.end(), "warning a: no account: somebody else's") == 1);
  host.foreign.clear();
  have({"a"});
  settle();
  CHECK(published() == std::vector<std::string>{"a"});
}

TEST_CASE_METHOD(account_fixture,
                 "a ledger that cannot be written holds everything back, is reported once, and tried again") {
  start();
  run();
  host.ledger_fails = true;
  have({"a"});
  settle();
  advance(5s);
  CHECK(published().empty());
  CHECK(host.trees.empty());
  CHECK(accounts->has_failed());
  CHECK(std::count_if(host.lines.begin(), host.lines.end(),
                      [](const auto& line) { return line.starts_with("error ledger"); }) == 1);
  CHECK_FALSE(host.has_logged("account made"));
  host.ledger_fails = false;
  advance(1500ms);
  settle();
  CHECK(published() == std::vector<std::string>{"a"});
  CHECK(host.has_logged("info ledger: the problem is resolved"));
}

TEST_CASE_METHOD(account_fixture,
                 "a directory that cannot be published is reported, tried again, and sessions are cut all the same") {
  start();
  have({"a"});
  settle();
  host.directory_fails = true;
  have({});
  advance(6s);
  CHECK(published() == std::vector<std::string>{"a"});
  CHECK(host.has_logged("error directory: directory: disk full"));
  CHECK_FALSE(host.cuts.empty());
  host.directory_fails = false;
  const auto cuts = host.cuts.size();
  advance(1500ms);
  CHECK(published().empty());
  CHECK(host.cuts.size() > cuts);
}

TEST_CASE_METHOD(account_fixture,
                 "an unsound sites root is named, no tree is touched, and accounts are published all the same") {
  host.root_problem = "/sites is writable by its group";
  start();
  have({"a"});
  settle();
  CHECK(host.has_logged("error sites root: /sites is writable by its group"));
  CHECK(host.trees.empty());
  CHECK(host.reads == 0);
  CHECK(published() == std::vector<std::string>{"a"});
  host.root_problem.clear();
  have({"a"});
  settle();
  CHECK(host.trees.contains("a"));
}

TEST_CASE_METHOD(account_fixture, "what is wrong with a tree is reported once, and when it is resolved") {
  host.tree_problems = {"/sites/a/www belongs to 33:33"};
  start();
  have({"a"});
  settle();
  have({"a"});
  settle();
  CHECK(std::count(host.lines.begin(), host.lines.end(), "warning a: /sites/a/www belongs to 33:33") == 1);
  host.tree_problems.clear();
  have({"a"});
  settle();
  CHECK(host.has_logged("info a: the problem is resolved"));
}

TEST_CASE_METHOD(account_fixture,
                 "changes that come together are one publication, and one alone is published at once") {
  start();
  run();
  advance(1s);
  const auto before = host.publications;
  have({"a"});
  run();
  CHECK(host.publications == before + 1);
  for (const auto* name : {"b", "c", "d"}) {
    add(name);
    take_change_of(name);
    run();
  }
  CHECK(host.publications == before + 1);
  advance(150ms);
  CHECK(host.publications == before + 2);
  CHECK(host.published.size() == 4);
}

TEST_CASE_METHOD(account_fixture, "a locked site is listed as locked, its sessions are cut, and unlocking undoes it") {
  start();
  have({"a"});
  settle();
  CHECK(accounts->admin().lock("a", "unpaid").what == admin_result::done);
  CHECK(host.published.at("a").locked);
  CHECK(host.book.at("a").lock_reason == "unpaid");
  CHECK(host.cuts == std::vector<uids>{{20000}});
  CHECK(accounts->admin().unlock("a").what == admin_result::done);
  CHECK_FALSE(host.published.at("a").locked);
  advance(10s);
  CHECK(host.cuts.size() == 1);
  CHECK(accounts->admin().lock("nobody", "").text == "no such site: nobody");
}

TEST_CASE_METHOD(account_fixture, "a lock that cannot be saved says so") {
  start();
  have({"a"});
  settle();
  host.ledger_fails = true;
  CHECK(accounts->admin().lock("a", "unpaid").what == admin_result::failed);
  host.ledger_fails = false;
  advance(2s);
  CHECK(host.published.at("a").locked);
}

TEST_CASE_METHOD(
    account_fixture,
    "at the start the sessions of retired and locked accounts are cut: the last run may not have come to it") {
  start();
  have({"a", "b", "c"});
  settle();
  REQUIRE(accounts->admin().lock("b", "").what == admin_result::done);
  have({"b", "c"});
  advance(10s);
  host.cuts.clear();
  restart();
  run();
  CHECK(host.cuts == std::vector<uids>{{20000, 20001}});
}

TEST_CASE_METHOD(
    account_fixture,
    "stopped dead before or after any step, the next start makes ledger, trees, directory and engine agree") {
  const bool after = GENERATE(false, true);
  for (int n = 0; n < 60; ++n) {
    test::fake_host world;
    (after ? world.kill_after : world.kill_before) = n;
    bool was_killed = false;
    // One life: a and b come, b goes for good, c comes.
    const auto live = [&](account_manager& k, const std::vector<std::vector<std::string>>& phases) {
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
      account_manager k(settings(), world.access());
      try {
        live(k, {{"a", "b"}, {"a"}, {"a", "c"}});
      } catch (const test::killed&) {
        was_killed = true;
      }
    }
    world.kill_before = world.kill_after = -1;
    const auto uids_before = uids_of(world);
    account_manager k(settings(), world.access());
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
