// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's verbs, from the control socket's words to what the ledger, the trees and the directory are after it.
#include "keeper_fixture.h"
#include "syncd/admin.h"
#include "tree/keys.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using control::failure;
using heberg::test::keeper_fixture;

namespace {

constexpr char k_key[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAs+tINr1Bk1jWaoO+aR+lEziW7XZoPOv9GdYUUsI+PW me@home two";

struct admin_fixture : keeper_fixture {
  control::reply say(const std::string& verb, const std::string& site, std::vector<std::string> arguments = {}) {
    return answer_admin(*keeper, machine, {verb, site, "", std::move(arguments)});
  }
  // A site whose container is long gone.
  void retire(const std::string& site) {
    have({site});
    settle();
    have({});
    advance(10s);
    REQUIRE(machine.book.at(site).is_retired());
  }
};

}  // namespace

TEST_CASE_METHOD(admin_fixture, "a password that is set, made, or given as a hash is in the file, and holds") {
  start();
  have({"a"});
  settle();
  CHECK(say("passwd", "a", {"set", "correct horse"}).error == failure::none);
  settle();
  CHECK(machine.hash_of("a") == "hash of correct horse");

  const auto made = say("passwd", "a", {"generate"});
  CHECK_THAT(made.data, Contains("\"password\":\"" + machine.files.at("a").line + "\""));
  CHECK(machine.files.at("a").line.size() >= 20);

  const std::string hash =
      "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/";
  CHECK(say("passwd", "a", {"hash", hash}).error == failure::none);
  settle();
  CHECK(machine.hash_of("a") == hash);
}

TEST_CASE_METHOD(admin_fixture, "a password that is none is refused, and the file stays") {
  start();
  have({"a"});
  settle();
  const auto before = machine.files.at("a").line;
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"set", ""}, {"set", "two\nlines"}, {"set", "$6$x$y"}, {"hash", "no hash"}, {"hash", ""}}) {
    INFO(words[0] << " " << words[1]);
    CHECK(say("passwd", "a", words).error == failure::refused);
  }
  CHECK(say("passwd", "a", {"dance"}).error == failure::bad_request);
  CHECK(say("passwd", "nobody", {"generate"}).error == failure::no_such_site);
  CHECK(machine.files.at("a").line == before);
}

TEST_CASE_METHOD(admin_fixture, "keys are added once, removed by fingerprint, and one that is broken changes nothing") {
  start();
  have({"a"});
  settle();
  machine.keys["a"] = "# the sysadmin's own words";
  CHECK(say("keys", "a", {"add", k_key}).message == "a: 1 key");
  CHECK(say("keys", "a", {"add", k_key}).message == "a: 1 key");
  CHECK(machine.keys["a"] == std::string("# the sysadmin's own words\n") + k_key + "\n");
  CHECK(say("keys", "a", {"add", k_key, "ssh-ed25519 AAAA broken"}).error == failure::refused);
  CHECK(say("keys", "a", {"remove", "SHA256:unknown"}).error == failure::refused);
  CHECK(say("keys", "a", {"remove", tree::parse_keys(k_key).at(0).fingerprint}).message == "a: 0 keys");
  CHECK(machine.keys["a"] == "# the sysadmin's own words\n");
}

TEST_CASE_METHOD(admin_fixture, "kick ends the site's sessions alone, and its account stays") {
  start();
  have({"a", "b"});
  settle();
  CHECK(say("kick", "b").error == failure::none);
  CHECK(machine.cuts == std::vector<std::set<std::uint32_t>>{{machine.book.at("b").uid}});
  CHECK(machine.published.contains("b"));
}

TEST_CASE_METHOD(admin_fixture,
                 "a reserved site has a row, a UID and a tree, but no account until its container comes") {
  start();
  have({"a"});
  settle();
  const auto reply = say("reserve", "b");
  CHECK(reply.error == failure::none);
  CHECK(reply.data == R"({"uid":20001})");
  CHECK(machine.trees.at("b") == 20001);
  CHECK(published() == std::vector<std::string>{"a"});
  CHECK(say("reserve", "b").data == reply.data);
  have({"a", "b"});
  settle();
  CHECK(machine.published.at("b").id == 20001);
}

TEST_CASE_METHOD(admin_fixture,
                 "a UID that is wished is given where it is in range and nobody's, and no tree is made") {
  start();
  have({"a"});
  settle();
  CHECK(say("reserve", "b", {"uid", "20007"}).data == R"({"uid":20007})");
  CHECK_FALSE(machine.trees.contains("b"));
  CHECK(say("reserve", "c", {"uid", "20000"}).data == R"({"uid":20008})");  // a's
  CHECK(say("reserve", "d", {"uid", "0"}).data == R"({"uid":20009})");
  machine.trees["stranger"] = 20050;  // a tree without a row
  CHECK(say("reserve", "e", {"uid", "20050"}).data != R"({"uid":20050})");
  CHECK(say("reserve", "f", {"uid", "x"}).error == failure::bad_request);
  CHECK(say("reserve", "f", {"dance"}).error == failure::bad_request);
}

TEST_CASE_METHOD(admin_fixture, "what cannot be a site is not reserved") {
  start();
  run();
  machine.foreign["taken"] = "somebody else's";
  CHECK_THAT(say("reserve", "root").message, Contains("the name"));
  CHECK_THAT(say("reserve", "../x").message, Contains("the name"));
  CHECK_THAT(say("reserve", "taken").message, Contains("somebody else's"));
  machine.ledger_fails = true;
  CHECK(say("reserve", "b").error == failure::internal);
  CHECK_FALSE(machine.trees.contains("b"));
  CHECK(machine.book.empty());
}

TEST_CASE_METHOD(admin_fixture, "neither purge nor rename touches a site that has a container, or may have one") {
  start();
  have({"a"});
  settle();
  for (const auto& words : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"purge", {}}, {"purge", {"tree"}}, {"rename", {"b"}}}) {
    CHECK(say(words.first, "a", words.second).error == failure::refused);
  }
  have({});
  CHECK_THAT(say("purge", "a").message, Contains("a moment ago"));
  advance(10s);
  keeper->lose_engine();
  CHECK_THAT(say("purge", "a").message, Contains("engine does not answer"));
  CHECK(machine.book.contains("a"));
  CHECK(machine.trees.contains("a"));
}

TEST_CASE_METHOD(admin_fixture,
                 "a purged site's row goes, and its tree stays, or is moved aside where that was asked") {
  start();
  retire("a");
  CHECK(say("purge", "a").error == failure::none);
  CHECK(machine.book.empty());
  CHECK(machine.trees.contains("a"));
  CHECK(say("purge", "a").error == failure::no_such_site);

  retire("b");
  CHECK(say("purge", "b", {"tree"}).data == R"({"aside":".b.purged"})");
  CHECK_FALSE(machine.trees.contains("b"));
  CHECK(machine.trees.contains(".b.purged"));
}

TEST_CASE_METHOD(admin_fixture, "a renamed site keeps UID, password and tree under its new name") {
  start();
  retire("a");
  const auto before = machine.book.at("a");
  CHECK(say("rename", "a", {"b"}).error == failure::none);
  CHECK(machine.book.at("b").uid == before.uid);
  CHECK(machine.book.at("b").hash == before.hash);
  CHECK(machine.moves.empty());
  have({"b"});
  settle();
  CHECK(machine.published.at("b").id == before.uid);
  CHECK(machine.published.at("b").hash == before.hash);
  CHECK(machine.trees == std::map<std::string, std::uint32_t>{{"b", before.uid}});
}

TEST_CASE_METHOD(admin_fixture, "a name that is taken, foreign or no site's is not given") {
  start();
  retire("a");
  retire("b");
  machine.trees["c"] = 1;
  machine.foreign["d"] = "somebody else's";
  for (const char* name : {"b", "c", "d", "root", "..", "a"}) {
    INFO(name);
    CHECK(say("rename", "a", {name}).error == failure::refused);
  }
  machine.tree_move_fails = true;
  CHECK(say("rename", "a", {"e"}).error == failure::internal);
  CHECK(machine.book.contains("a"));
  CHECK(keeper->sites().contains("a"));
  CHECK(machine.moves.empty());
}

TEST_CASE_METHOD(admin_fixture, "stopped dead at any step of a rename, ledger and tree agree after the next start") {
  const bool after = GENERATE(false, true);
  for (int n = 0; n < 10; ++n) {
    machine = test::fake_machine();
    start();
    retire("a");
    const auto uid = machine.book.at("a").uid;
    machine.steps = 0;
    (after ? machine.kill_after : machine.kill_before) = n;
    bool was_killed = false;
    try {
      (void)say("rename", "a", {"b"});
    } catch (const test::killed&) {
      was_killed = true;
    }
    machine.kill_after = machine.kill_before = -1;
    restart();
    have({});
    settle();
    INFO("killed " << (after ? "after" : "before") << " step " << n);
    REQUIRE(machine.book.size() == 1);
    CHECK(machine.trees == std::map<std::string, std::uint32_t>{{machine.book.begin()->first, uid}});
    CHECK(machine.moves.empty());
    if (!was_killed) return;
  }
  FAIL("a rename has more steps than expected");
}

TEST_CASE_METHOD(admin_fixture, "stopped dead at any step of a purge, a second one ends it") {
  for (int n = 0; n < 10; ++n) {
    machine = test::fake_machine();
    start();
    retire("a");
    machine.steps = 0;
    machine.kill_after = n;
    bool was_killed = false;
    try {
      (void)say("purge", "a", {"tree"});
    } catch (const test::killed&) {
      was_killed = true;
    }
    machine.kill_after = -1;
    restart();
    have({});
    settle();
    if (machine.book.contains("a")) CHECK(say("purge", "a", {"tree"}).error == failure::none);
    INFO("killed after step " << n);
    CHECK(machine.book.empty());
    CHECK_FALSE(machine.trees.contains("a"));
    if (!was_killed) return;
  }
  FAIL("a purge has more steps than expected");
}

TEST_CASE_METHOD(admin_fixture, "status tells of the engine, the accounts and the refused") {
  start();
  have({"a"});
  settle();
  add("root").name = "evil";
  take();
  CHECK_THAT(say("status", "").data, Contains(R"("engine":true)") && Contains(R"("accounts":1)") && Contains("evil"));
  keeper->lose_engine();
  CHECK_THAT(say("status", "").data, Contains(R"("engine":false)"));
}
