// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/password_manager.h"

#include "account_fixture.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;
using heberg::test::account_fixture;

namespace {

const std::string k_hash = "$1$saltsalt$abcdefghijklmnopqrstuv";

struct password_fixture : account_fixture {
  password_fixture() { start(); }

  // A site whose file holds this line; its hash is published.
  void have_with_password(const std::string& line) {
    host.write_password("a", line);
    have({"a"});
    settle();
  }
  void write(const std::string& line) {
    host.write_password("a", line);
    accounts->passwords().touch("a");
  }
  [[nodiscard]] long count_lines(std::string_view text) const {
    return std::count_if(host.lines.begin(), host.lines.end(),
                         [&](const auto& line) { return line.find(text) != std::string::npos; });
  }
};

}  // namespace

TEST_CASE_METHOD(password_fixture, "a password's hash is published, the password is not") {
  have_with_password("secret");
  CHECK(host.hash_of("a") == "hash of secret");
  CHECK_FALSE(host.has_logged("secret"));
}

TEST_CASE_METHOD(password_fixture, "a hash in the file is taken as it is, without hashing") {
  have_with_password(k_hash);
  CHECK(host.hash_of("a") == k_hash);
  CHECK(host.lanes.empty());
  CHECK(host.book.at("a").origin == ledger::hash_origin::hash);
}

TEST_CASE_METHOD(password_fixture, "an empty file turns password login off") {
  have_with_password("");
  CHECK(host.hash_of("a") == "*");
  CHECK(host.has_logged("password login is off"));
}

TEST_CASE_METHOD(password_fixture, "a changed password holds within a second") {
  have_with_password("old");
  write("new");
  advance(200ms);
  CHECK(host.hash_of("a") == "hash of new");
}

TEST_CASE_METHOD(password_fixture, "a password in the middle of ten thousand new ones overtakes them") {
  have_with_password("old");
  write("new");
  advance(200ms);
  CHECK(host.lanes.back() == hasher::lane::urgent);
}

TEST_CASE_METHOD(password_fixture, "a start hashes nothing that is as it was") {
  have_with_password("secret");
  host.lanes.clear();
  restart();
  have({"a"});
  settle();
  CHECK(host.lanes.empty());
  CHECK(host.hash_of("a") == "hash of secret");
}

TEST_CASE_METHOD(password_fixture, "what changed while nothing ran holds after the next start") {
  have_with_password("secret");
  host.write_password("a", "new");
  restart();
  have({"a"});
  settle();
  CHECK(host.hash_of("a") == "hash of new");
}

TEST_CASE_METHOD(password_fixture, "a file that was touched is hashed against the old hash first") {
  have_with_password("secret");
  write("secret");
  advance(60ms);
  run();
  REQUIRE(host.lanes.size() == 2);
  CHECK(host.book.at("a").hash == "hash of secret");
}

TEST_CASE_METHOD(password_fixture, "a refused file turns password login off, is reported with the reason, once") {
  have_with_password("secret");
  host.refuse_password("a", "it is open to others");
  accounts->passwords().touch("a");
  advance(200ms);
  CHECK(host.hash_of("a") == "*");
  CHECK(host.has_logged("warning a: /sites/a/.heberg/password is refused: it is open to others"));
  accounts->passwords().touch("a");
  have({"a"});
  settle();
  CHECK(count_lines("is refused") == 1);
  write("better");
  advance(200ms);
  CHECK(host.hash_of("a") == "hash of better");
}

TEST_CASE_METHOD(password_fixture, "a broken hash is refused, and never shown") {
  have_with_password("$6$hunter2");
  CHECK(host.hash_of("a") == "*");
  CHECK(host.has_logged("is refused: it begins like a crypt(5) hash"));
  CHECK_FALSE(host.has_logged("hunter2"));
}

TEST_CASE_METHOD(password_fixture, "a file that cannot be read for now changes nothing, and is read again") {
  have_with_password("secret");
  host.files["a"].unreadable = "I/O error";
  accounts->passwords().touch("a");
  advance(1s);
  CHECK(host.hash_of("a") == "hash of secret");
  CHECK(host.has_logged("cannot read /sites/a/.heberg/password: I/O error"));
  host.write_password("a", "new");
  advance(6s);
  CHECK(host.hash_of("a") == "hash of new");
}

TEST_CASE_METHOD(password_fixture, "an absent password is made at once for a new site") {
  have({"a"});
  advance(10ms);
  CHECK(host.files.at("a").line == "made-a");
}

TEST_CASE_METHOD(password_fixture, "log_generated = false keeps the password out of the log") {
  config.passwords.log_generated = false;
  start();
  have({"a"});
  settle();
  CHECK(host.has_logged("password made (see /sites/a/.heberg/password)"));
  CHECK_FALSE(host.has_logged("made-a"));
}

TEST_CASE_METHOD(password_fixture, "a removed file means a new password, but not while an editor has it moved away") {
  have_with_password("secret");
  host.files.erase("a");
  accounts->passwords().touch("a");
  SECTION("the editor writes the new one a moment later") {
    advance(200ms);
    CHECK(host.files.empty());
    write("edited");
    settle();
    CHECK(host.files.at("a").line == "edited");
    CHECK(host.hash_of("a") == "hash of edited");
    CHECK_FALSE(host.has_logged("password made"));
  }
  SECTION("it stays away") {
    advance(1s);
    CHECK(host.files.at("a").line == "made-a");
    CHECK(host.hash_of("a") == "hash of made-a");
  }
}

TEST_CASE_METHOD(password_fixture, "our own writing of a password brings no second hash") {
  have({"a"});
  run();
  REQUIRE(host.jobs.size() == 1);
  const auto job = std::move(host.jobs.front());
  host.jobs.clear();
  auto result = host.run_job(job);
  accounts->passwords().touch("a");  // inotify is faster than the hasher's answer
  advance(100ms);
  accounts->passwords().finish_hash(std::move(result));
  settle();
  CHECK(host.lanes.size() == 1);
  CHECK(host.hash_of("a") == "hash of made-a");
}

TEST_CASE_METHOD(password_fixture, "a file written while a password was to be made is kept") {
  have({"a"});
  run();
  host.write_password("a", "mine");
  host.run_jobs(*accounts);
  settle();
  CHECK(host.files.at("a").line == "mine");
  CHECK(host.hash_of("a") == "hash of mine");
}

TEST_CASE_METHOD(password_fixture, "of two hashes under way the newer file's counts, whichever comes last") {
  have_with_password("first");
  host.write_password("a", "second");
  accounts->passwords().touch_all();  // the bulk lane
  run();
  REQUIRE(host.jobs.size() == 1);
  write("third");
  host.now += 100ms;
  run();
  REQUIRE(host.jobs.size() == 2);
  std::swap(host.jobs[0], host.jobs[1]);
  host.run_jobs(*accounts);
  settle();
  CHECK(host.hash_of("a") == "hash of third");
}

TEST_CASE_METHOD(password_fixture, "a site whose file changes without end has one hash under way at a time") {
  have_with_password("0");
  for (int i = 1; i < 100; ++i) {
    write(std::to_string(i));
    host.now += 60ms;
    run();
    CHECK(host.jobs.size() <= 1);
  }
  settle();
  CHECK(host.hash_of("a") == "hash of 99");
}

TEST_CASE_METHOD(password_fixture, "a password that cannot be stored is reported and tried again") {
  have({"a"});
  run();
  REQUIRE(host.jobs.size() == 1);
  hash_result failed;
  failed.site = "a";
  failed.ticket = host.jobs.front().ticket;
  failed.error = "write .heberg/password: No space left on device";
  host.jobs.clear();
  accounts->passwords().finish_hash(std::move(failed));
  CHECK(host.has_logged("error a: no password hash: write .heberg/password: No space left"));
  advance(6s);
  CHECK(host.hash_of("a") == "hash of made-a");
}

TEST_CASE_METHOD(password_fixture, "a file that cannot be watched is polled, and holds within a second") {
  host.unwatchable.insert("a");
  have_with_password("old");
  host.write_password("a", "new");
  advance(900ms);
  CHECK(host.hash_of("a") == "hash of new");
}

TEST_CASE_METHOD(password_fixture, "a retired site's file is not read, what changed meanwhile holds when it is back") {
  have_with_password("old");
  have({});
  advance(6s);
  const auto reads = host.reads;
  write("new");
  advance(1s);
  CHECK(host.reads == reads);
  have({"a"});
  settle();
  CHECK(host.hash_of("a") == "hash of new");
}

TEST_CASE_METHOD(password_fixture,
                 "a thousand sites are published before their hashes, which the queue takes a few at a time") {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("s" + std::to_string(i));
  host.room = false;
  have(names);
  run();
  CHECK(host.published.size() == 1000);
  CHECK(host.trees.size() == 1000);
  CHECK(host.jobs.empty());
  host.room = true;
  settle();
  CHECK(host.files.size() == 1000);
  CHECK(std::all_of(host.published.begin(), host.published.end(),
                    [](const auto& entry) { return entry.second.hash != "*"; }));
}

namespace {

// The password_manager by itself: rows in a table, stored rows in a list.
struct bare_password_fixture {
  test::fake_host host;
  site_table sites;
  problem_log log{[this](level level, std::string_view text) { host.log(level, text); }};
  bool can_read_trees = true;
  std::vector<std::pair<ledger::site, urgency>> stored;
  password_manager passwords{
      heberg::settings(),
      {.sites = sites,
       .files = host,
       .hashes = host,
       .time = host,
       .log = log,
       .can_read_trees = [this] { return can_read_trees; },
       .store = [this](ledger::site row, urgency urgency) { stored.emplace_back(row, urgency); }}};

  bare_password_fixture() {
    ledger::site row;
    row.name = "a";
    row.uid = 20000;
    sites.load({row});
    host.write_password("a", k_hash);
  }
};

}  // namespace

TEST_CASE_METHOD(bare_password_fixture, "a touched file is read after a moment, not at once") {
  passwords.touch("a");
  CHECK(passwords.has_delayed());
  CHECK(passwords.next_due() == host.steady_now() + 50ms);
  passwords.read_due();
  CHECK(stored.empty());
  host.now += 50ms;
  passwords.read_due();
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].first.hash == k_hash);
  CHECK(stored[0].second == urgency::at_once);
  CHECK(passwords.is_idle());
  CHECK_FALSE(passwords.has_delayed());
}

TEST_CASE_METHOD(bare_password_fixture, "below an unsafe root, and for a site without an account, no file is read") {
  can_read_trees = false;
  passwords.add("a");
  passwords.read_due();
  can_read_trees = true;
  host.write_password("unknown", k_hash);
  passwords.add("unknown");
  passwords.read_due();
  CHECK(host.reads == 0);
}

TEST_CASE_METHOD(bare_password_fixture, "a result that comes after its site was forgotten changes nothing") {
  host.write_password("a", "secret");
  passwords.add("a");
  passwords.read_due();
  REQUIRE(host.jobs.size() == 1);
  passwords.forget("a");
  passwords.finish_hash(host.run_job(host.jobs.front()));
  CHECK(stored.empty());
}
