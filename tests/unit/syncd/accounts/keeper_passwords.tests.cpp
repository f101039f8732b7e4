// SPDX-License-Identifier: LGPL-2.1-or-later
#include "keeper_fixture.h"
#include "syncd/accounts/keeper.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;
using heberg::test::keeper_fixture;

namespace {

const std::string k_hash = "$1$saltsalt$abcdefghijklmnopqrstuv";

struct password_fixture : keeper_fixture {
  password_fixture() { start(); }

  // A site whose file holds this line; its hash is published.
  void have_with_password(const std::string& line) {
    machine.write_password("a", line);
    have({"a"});
    settle();
  }
  void write(const std::string& line) {
    machine.write_password("a", line);
    keeper->touch_password("a");
  }
  [[nodiscard]] long count_lines(std::string_view text) const {
    return std::count_if(machine.lines.begin(), machine.lines.end(),
                         [&](const auto& line) { return line.find(text) != std::string::npos; });
  }
};

}  // namespace

TEST_CASE_METHOD(password_fixture, "a password's hash is published, the password is not") {
  have_with_password("secret");
  CHECK(machine.hash_of("a") == "hash of secret");
  CHECK_FALSE(machine.has_logged("secret"));
}

TEST_CASE_METHOD(password_fixture, "a hash in the file is taken as it is, without hashing") {
  have_with_password(k_hash);
  CHECK(machine.hash_of("a") == k_hash);
  CHECK(machine.lanes.empty());
  CHECK(machine.book.at("a").origin == ledger::hash_origin::hash);
}

TEST_CASE_METHOD(password_fixture, "an empty file turns password login off") {
  have_with_password("");
  CHECK(machine.hash_of("a") == "*");
  CHECK(machine.has_logged("password login is off"));
}

TEST_CASE_METHOD(password_fixture, "a changed password holds within a second") {
  have_with_password("old");
  write("new");
  advance(200ms);
  CHECK(machine.hash_of("a") == "hash of new");
}

TEST_CASE_METHOD(password_fixture, "a password in the middle of ten thousand new ones overtakes them") {
  have_with_password("old");
  write("new");
  advance(200ms);
  CHECK(machine.lanes.back() == hasher::lane::urgent);
}

TEST_CASE_METHOD(password_fixture, "a start hashes nothing that is as it was") {
  have_with_password("secret");
  machine.lanes.clear();
  restart();
  have({"a"});
  settle();
  CHECK(machine.lanes.empty());
  CHECK(machine.hash_of("a") == "hash of secret");
}

TEST_CASE_METHOD(password_fixture, "what changed while nothing ran holds after the next start") {
  have_with_password("secret");
  machine.write_password("a", "new");
  restart();
  have({"a"});
  settle();
  CHECK(machine.hash_of("a") == "hash of new");
}

TEST_CASE_METHOD(password_fixture, "a file that was touched is hashed against the old hash first") {
  have_with_password("secret");
  write("secret");
  advance(60ms);
  run();
  REQUIRE(machine.lanes.size() == 2);
  CHECK(machine.book.at("a").hash == "hash of secret");
}

TEST_CASE_METHOD(password_fixture, "a refused file turns password login off, is told of with the reason, once") {
  have_with_password("secret");
  machine.refuse_password("a", "it is open to others");
  keeper->touch_password("a");
  advance(200ms);
  CHECK(machine.hash_of("a") == "*");
  CHECK(machine.has_logged("warning a: /sites/a/.heberg/password is refused: it is open to others"));
  keeper->touch_password("a");
  have({"a"});
  settle();
  CHECK(count_lines("is refused") == 1);
  write("better");
  advance(200ms);
  CHECK(machine.hash_of("a") == "hash of better");
}

TEST_CASE_METHOD(password_fixture, "a broken hash is refused, and never told") {
  have_with_password("$6$hunter2");
  CHECK(machine.hash_of("a") == "*");
  CHECK(machine.has_logged("is refused: it begins like a crypt(5) hash"));
  CHECK_FALSE(machine.has_logged("hunter2"));
}

TEST_CASE_METHOD(password_fixture, "a file that cannot be read for now changes nothing, and is looked at again") {
  have_with_password("secret");
  machine.files["a"].unreadable = "I/O error";
  keeper->touch_password("a");
  advance(1s);
  CHECK(machine.hash_of("a") == "hash of secret");
  CHECK(machine.has_logged("cannot be read now: I/O error"));
  machine.write_password("a", "new");
  advance(6s);
  CHECK(machine.hash_of("a") == "hash of new");
}

TEST_CASE_METHOD(password_fixture, "an absent password is made at once for a new site") {
  have({"a"});
  advance(10ms);
  CHECK(machine.files.at("a").line == "made-a");
}

TEST_CASE_METHOD(password_fixture, "log_generated = false keeps the password out of the log") {
  config.passwords.log_generated = false;
  start();
  have({"a"});
  settle();
  CHECK(machine.has_logged("password made (see /sites/a/.heberg/password)"));
  CHECK_FALSE(machine.has_logged("made-a"));
}

TEST_CASE_METHOD(password_fixture, "a removed file means a new password, but not while an editor has it moved away") {
  have_with_password("secret");
  machine.files.erase("a");
  keeper->touch_password("a");
  SECTION("the editor writes the new one a moment later") {
    advance(200ms);
    CHECK(machine.files.empty());
    write("edited");
    settle();
    CHECK(machine.files.at("a").line == "edited");
    CHECK(machine.hash_of("a") == "hash of edited");
    CHECK_FALSE(machine.has_logged("password made"));
  }
  SECTION("it stays away") {
    advance(1s);
    CHECK(machine.files.at("a").line == "made-a");
    CHECK(machine.hash_of("a") == "hash of made-a");
  }
}

TEST_CASE_METHOD(password_fixture, "our own writing of a password brings no second hash") {
  have({"a"});
  run();
  REQUIRE(machine.jobs.size() == 1);
  const auto job = std::move(machine.jobs.front());
  machine.jobs.clear();
  auto result = machine.run_job(job);
  keeper->touch_password("a");  // inotify is faster than the hasher's answer
  advance(100ms);
  keeper->finish_hash(std::move(result));
  settle();
  CHECK(machine.lanes.size() == 1);
  CHECK(machine.hash_of("a") == "hash of made-a");
}

TEST_CASE_METHOD(password_fixture, "a file written while a password was to be made is kept") {
  have({"a"});
  run();
  machine.write_password("a", "mine");
  machine.run_jobs(*keeper);
  settle();
  CHECK(machine.files.at("a").line == "mine");
  CHECK(machine.hash_of("a") == "hash of mine");
}

TEST_CASE_METHOD(password_fixture, "of two hashes under way the newer file's counts, whichever comes last") {
  have_with_password("first");
  machine.write_password("a", "second");
  keeper->touch_all_passwords();  // the bulk lane
  run();
  REQUIRE(machine.jobs.size() == 1);
  write("third");
  machine.now += 100ms;
  run();
  REQUIRE(machine.jobs.size() == 2);
  std::swap(machine.jobs[0], machine.jobs[1]);
  machine.run_jobs(*keeper);
  settle();
  CHECK(machine.hash_of("a") == "hash of third");
}

TEST_CASE_METHOD(password_fixture, "a site whose file changes without end has one hash under way at a time") {
  have_with_password("0");
  for (int i = 1; i < 100; ++i) {
    write(std::to_string(i));
    machine.now += 60ms;
    run();
    CHECK(machine.jobs.size() <= 1);
  }
  settle();
  CHECK(machine.hash_of("a") == "hash of 99");
}

TEST_CASE_METHOD(password_fixture, "a password that cannot be stored is told of and tried again") {
  have({"a"});
  run();
  REQUIRE(machine.jobs.size() == 1);
  hash_result failed;
  failed.site = "a";
  failed.ticket = machine.jobs.front().ticket;
  failed.error = "write .heberg/password: No space left on device";
  machine.jobs.clear();
  keeper->finish_hash(std::move(failed));
  CHECK(machine.has_logged("error a: no password hash: write .heberg/password: No space left"));
  advance(6s);
  CHECK(machine.hash_of("a") == "hash of made-a");
}

TEST_CASE_METHOD(password_fixture, "a file that cannot be watched is polled, and holds within a second") {
  machine.unwatchable.insert("a");
  have_with_password("old");
  machine.write_password("a", "new");
  advance(900ms);
  CHECK(machine.hash_of("a") == "hash of new");
}

TEST_CASE_METHOD(password_fixture,
                 "a retired site's file is not looked at, what changed meanwhile holds when it is back") {
  have_with_password("old");
  have({});
  advance(6s);
  const auto looks = machine.looks;
  write("new");
  advance(1s);
  CHECK(machine.looks == looks);
  have({"a"});
  settle();
  CHECK(machine.hash_of("a") == "hash of new");
}

TEST_CASE_METHOD(password_fixture,
                 "a thousand sites are published before their hashes, which the queue takes a few at a time") {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("s" + std::to_string(i));
  machine.room = false;
  have(names);
  run();
  CHECK(machine.published.size() == 1000);
  CHECK(machine.trees.size() == 1000);
  CHECK(machine.jobs.empty());
  machine.room = true;
  settle();
  CHECK(machine.files.size() == 1000);
  CHECK(std::all_of(machine.published.begin(), machine.published.end(),
                    [](const auto& entry) { return entry.second.hash != "*"; }));
}
