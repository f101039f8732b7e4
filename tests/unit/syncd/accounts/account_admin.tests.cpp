// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's verbs, from the control socket's arguments to what the ledger, the trees and the directory are after
// it.
#include "account_fixture.h"
#include "syncd/admin.h"
#include "tree/keys.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;
using Catch::Contains;
using control::failure;
using heberg::test::account_fixture;

namespace {

constexpr char k_key[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAs+tINr1Bk1jWaoO+aR+lEziW7XZoPOv9GdYUUsI+PW me@home two";

struct admin_fixture : account_fixture {
  control::reply say(const std::string& verb, const std::string& site, std::vector<std::string> arguments = {}) {
    control::request request{verb, site, "", std::move(arguments)};
    if (verb == "passwd" && request.arguments.size() == 2) {  // it is no argument
      request.password = tree::secret(request.arguments[1]);
      request.arguments.pop_back();
    }
    return answer_admin(*accounts, host.access(), request);
  }
  // A site whose container is long gone.
  void retire(const std::string& site) {
    have({site});
    settle();
    have({});
    advance(10s);
    REQUIRE(host.book.at(site).is_retired());
  }
};

}  // namespace

TEST_CASE_METHOD(admin_fixture, "a password that is set, made, or given as a hash is in the file, and holds") {
  start();
  have({"a"});
  settle();
  CHECK(say("passwd", "a", {"set", "correct horse"}).error == failure::none);
  settle();
  CHECK(host.hash_of("a") == "hash of correct horse");

  const auto made = say("passwd", "a", {"generate"});
  CHECK(made.password == tree::secret(host.files.at("a").line));
  CHECK_THAT(made.data, !Contains(host.files.at("a").line));
  CHECK(host.files.at("a").line.size() >= 20);

  const std::string hash =
      "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/";
  CHECK(say("passwd", "a", {"hash", hash}).error == failure::none);
  settle();
  CHECK(host.hash_of("a") == hash);
}

TEST_CASE_METHOD(admin_fixture, "a password that is none is refused, and the file stays") {
  start();
  have({"a"});
  settle();
  const auto before = host.files.at("a").line;
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"set", ""}, {"set", "two\nlines"}, {"set", "$6$x$y"}, {"hash", "no hash"}, {"hash", ""}}) {
    INFO(arguments[0] << " " << arguments[1]);
    CHECK(say("passwd", "a", arguments).error == failure::refused);
  }
  CHECK(say("passwd", "a", {"dance"}).error == failure::bad_request);
  CHECK(say("passwd", "nobody", {"generate"}).error == failure::no_such_site);
  CHECK(host.files.at("a").line == before);
}

TEST_CASE_METHOD(admin_fixture, "keys are added once, removed by fingerprint, and one that is broken changes nothing") {
  start();
  have({"a"});
  settle();
  host.keys["a"] = "# the sysadmin's own arguments";
  CHECK(say("keys", "a", {"add", k_key}).message == "a: 1 key");
  CHECK(say("keys", "a", {"add", k_key}).message == "a: 1 key");
  CHECK(host.keys["a"] == std::string("# the sysadmin's own arguments\n") + k_key + "\n");
  CHECK(say("keys", "a", {"add", k_key, "ssh-ed25519 AAAA broken"}).error == failure::refused);
  CHECK(say("keys", "a", {"remove", "SHA256:unknown"}).error == failure::refused);
  CHECK(say("keys", "a", {"remove", tree::parse_keys(k_key).at(0).fingerprint}).message == "a: 0 keys");
  CHECK(host.keys["a"] == "# the sysadmin's own arguments\n");
}

TEST_CASE_METHOD(admin_fixture, "kick ends the site's sessions alone, and its account stays") {
  start();
  have({"a", "b"});
  settle();
  CHECK(say("kick", "b").error == failure::none);
  CHECK(host.cuts == std::vector<std::set<std::uint32_t>>{{host.book.at("b").uid}});
  CHECK(host.published.contains("b"));
}

TEST_CASE_METHOD(admin_fixture,
                 "a reserved site has a row, a UID and a tree, but no account until its container comes") {
  start();
  have({"a"});
  settle();
  const auto reply = say("reserve", "b");
  CHECK(reply.error == failure::none);
  CHECK(reply.data == R"({"uid":20001})");
  CHECK(host.trees.at("b") == 20001);
  CHECK(published() == std::vector<std::string>{"a"});
  CHECK(say("reserve", "b").data == reply.data);
  have({"a", "b"});
  settle();
  CHECK(host.published.at("b").id == 20001);
}

TEST_CASE_METHOD(admin_fixture, "a requested UID is given where it is in range and free, and no tree is made") {
  start();
  have({"a"});
  settle();
  CHECK(say("reserve", "b", {"uid", "20007"}).data == R"({"uid":20007})");
  CHECK_FALSE(host.trees.contains("b"));
  CHECK(say("reserve", "c", {"uid", "20000"}).data == R"({"uid":20008})");  // a's
  CHECK(say("reserve", "d", {"uid", "0"}).data == R"({"uid":20009})");
  host.trees["stranger"] = 20050;  // a tree without a row
  CHECK(say("reserve", "e", {"uid", "20050"}).data != R"({"uid":20050})");
  CHECK(say("reserve", "f", {"uid", "x"}).error == failure::bad_request);
  CHECK(say("reserve", "f", {"dance"}).error == failure::bad_request);
}

TEST_CASE_METHOD(admin_fixture, "what cannot be a site is not reserved") {
  start();
  run();
  host.foreign["taken"] = "somebody else's";
  CHECK_THAT(say("reserve", "root").message, Contains("invalid site name"));
  CHECK_THAT(say("reserve", "../x").message, Contains("invalid site name"));
  CHECK_THAT(say("reserve", "taken").message, Contains("somebody else's"));
  host.ledger_fails = true;
  CHECK(say("reserve", "b").error == failure::internal);
  CHECK_FALSE(host.trees.contains("b"));
  CHECK(host.book.empty());
}

TEST_CASE_METHOD(admin_fixture, "neither purge nor rename touches a site that has a container, or may have one") {
  start();
  have({"a"});
  settle();
  for (const auto& arguments : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"purge", {}}, {"purge", {"tree"}}, {"rename", {"b"}}}) {
    CHECK(say(arguments.first, "a", arguments.second).error == failure::refused);
  }
  have({});
  CHECK_THAT(say("purge", "a").message, Contains("a moment ago"));
  advance(10s);
  accounts->lose_engine();
  CHECK_THAT(say("purge", "a").message, Contains("engine does not answer"));
  CHECK(host.book.contains("a"));
  CHECK(host.trees.contains("a"));
}

TEST_CASE_METHOD(admin_fixture,
                 "a purged site's row goes, and its tree stays, or is moved aside where that was asked") {
  start();
  retire("a");
  CHECK(say("purge", "a").error == failure::none);
  CHECK(host.book.empty());
  CHECK(host.trees.contains("a"));
  CHECK(say("purge", "a").error == failure::no_such_site);

  retire("b");
  CHECK(say("purge", "b", {"tree"}).data == R"({"aside":".b.purged"})");
  CHECK_FALSE(host.trees.contains("b"));
  CHECK(host.trees.contains(".b.purged"));
}

TEST_CASE_METHOD(admin_fixture, "a renamed site keeps UID, password and tree under its new name") {
  start();
  retire("a");
  const auto before = host.book.at("a");
  CHECK(say("rename", "a", {"b"}).error == failure::none);
  CHECK(host.book.at("b").uid == before.uid);
  CHECK(host.book.at("b").hash == before.hash);
  CHECK(host.moves.empty());
  have({"b"});
  settle();
  CHECK(host.published.at("b").id == before.uid);
  CHECK(host.published.at("b").hash == before.hash);
  CHECK(host.trees == std::map<std::string, std::uint32_t>{{"b", before.uid}});
}

TEST_CASE_METHOD(admin_fixture, "a name that is taken, foreign or no site's is not given") {
  start();
  retire("a");
  retire("b");
  host.trees["c"] = 1;
  host.foreign["d"] = "somebody else's";
  for (const char* name : {"b", "c", "d", "root", "..", "a"}) {
    INFO(name);
    CHECK(say("rename", "a", {name}).error == failure::refused);
  }
  host.tree_move_fails = true;
  CHECK(say("rename", "a", {"e"}).error == failure::internal);
  CHECK(host.book.contains("a"));
  CHECK(accounts->sites().contains("a"));
  CHECK(host.moves.empty());
}

TEST_CASE_METHOD(admin_fixture, "stopped dead at any step of a rename, ledger and tree agree after the next start") {
  const bool after = GENERATE(false, true);
  for (int n = 0; n < 10; ++n) {
    host = test::fake_host();
    start();
    retire("a");
    const auto uid = host.book.at("a").uid;
    host.steps = 0;
    (after ? host.kill_after : host.kill_before) = n;
    bool was_killed = false;
    try {
      (void)say("rename", "a", {"b"});
    } catch (const test::killed&) {
      was_killed = true;
    }
    host.kill_after = host.kill_before = -1;
    restart();
    have({});
    settle();
    INFO("killed " << (after ? "after" : "before") << " step " << n);
    REQUIRE(host.book.size() == 1);
    CHECK(host.trees == std::map<std::string, std::uint32_t>{{host.book.begin()->first, uid}});
    CHECK(host.moves.empty());
    if (!was_killed) return;
  }
  FAIL("a rename has more steps than expected");
}

TEST_CASE_METHOD(admin_fixture, "stopped dead at any step of a purge, a second one ends it") {
  for (int n = 0; n < 10; ++n) {
    host = test::fake_host();
    start();
    retire("a");
    host.steps = 0;
    host.kill_after = n;
    bool was_killed = false;
    try {
      (void)say("purge", "a", {"tree"});
    } catch (const test::killed&) {
      was_killed = true;
    }
    host.kill_after = -1;
    restart();
    have({});
    settle();
    if (host.book.contains("a")) CHECK(say("purge", "a", {"tree"}).error == failure::none);
    INFO("killed after step " << n);
    CHECK(host.book.empty());
    CHECK_FALSE(host.trees.contains("a"));
    if (!was_killed) return;
  }
  FAIL("a purge has more steps than expected");
}

TEST_CASE_METHOD(admin_fixture, "status reports the engine, the accounts and the refused") {
  start();
  have({"a"});
  settle();
  add("root").name = "evil";
  take();
  CHECK_THAT(say("status", "").data, Contains(R"("engine":true)") && Contains(R"("accounts":1)") && Contains("evil"));
  accounts->lose_engine();
  CHECK_THAT(say("status", "").data, Contains(R"("engine":false)"));
}
