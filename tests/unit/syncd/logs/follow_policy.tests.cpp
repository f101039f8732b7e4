// SPDX-License-Identifier: LGPL-2.1-or-later
// The rules of follow_policy.h one by one, and each event in each state.
// Long because each rule of the policy has a case, beside the table of every state and event.
#include "syncd/logs/follow_policy.h"

#include "support/temp_dir.h"
#include "unit/syncd/logs/follow_script.h"

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <sstream>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;
using docker::log_end;
using test::follow_script;

namespace {

struct named_state {
  const char* name;
  container_state container;
  std::function<void(follow_script&)> reach;
};

void read(follow_script& s) {
  s.tell(follow_started{});
  s.begin_fetch();
}
void listen(follow_script& s) {
  s.listen();
}
void overfill(follow_script& s) {
  s.listen();
  s.tell(wakeup_received{.ends_line = true, .kept = k_kept_max + 1});
}
void drain(follow_script& s) {
  s.listen();
  s.tell(container_changed{container_state::removed});
  s.begin_fetch();
  s.fail(log_end::gone);
}

const std::vector<named_state>& states() {
  using enum container_state;
  static const std::vector<named_state> all = {
      {"new", running, [](auto&) {}},
      {"due", running, [](auto& s) { s.tell(follow_started{}); }},
      {"queued", running, [](auto& s) { s.tell(follow_started{}), s.elapse(); }},
      {"reading", running, read},
      {"gap", running, [](auto& s) { read(s), s.tell(first_piece_fetched{.is_known = false}); }},
      {"paused", running,
       [](auto& s) {
         read(s), s.tell(piece_fetched{join_result::line, k_held_pause});
       }},
      {"resumed", running,
       [](auto& s) {
         read(s), s.tell(piece_fetched{join_result::line, k_held_pause}), s.tell(lines_written{0});
       }},
      {"finishing", running, [](auto& s) { read(s), s.fail(log_end::eof); }},
      {"retrying", running, [](auto& s) { read(s), s.fail(log_end::failed); }},
      {"wakeup requested", running, [](auto& s) { s.tell(follow_started{}), s.fetch(); }},
      {"wakeup refused", running, [](auto& s) { s.tell(follow_started{}), s.fetch(), s.tell(wakeup_refused{}); }},
      {"wakeup open, fetch due", running, listen},
      {"wakeup open, idle", running, [](auto& s) { s.listen(), s.fetch(), s.fetch(), s.fetch(), s.fetch(); }},
      {"wakeup open, reading", running, [](auto& s) { s.listen(), s.begin_fetch(); }},
      {"wakeup open, finishing", running, [](auto& s) { s.listen(), s.begin_fetch(), s.fail(log_end::eof); }},
      {"wakeup paused, fetch due", running, overfill},
      {"wakeup paused, reading", running, [](auto& s) { overfill(s), s.begin_fetch(); }},
      {"wakeup paused, finishing", running, [](auto& s) { overfill(s), s.begin_fetch(), s.fail(log_end::eof); }},
      {"stopped, idle", stopped, [](auto& s) { s.tell(follow_started{}), s.fetch(); }},
      {"stopped, reading", stopped, read},
      {"stopped, finishing", stopped, [](auto& s) { read(s), s.fail(log_end::eof); }},
      {"removed, due", running,
       [](auto& s) { s.tell(follow_started{}), s.tell(container_changed{container_state::removed}); }},
      {"removed, reading", running, [](auto& s) { read(s), s.tell(container_changed{container_state::removed}); }},
      {"removed, finishing", running,
       [](auto& s) { read(s), s.tell(container_changed{container_state::removed}), s.fail(log_end::eof); }},
      {"draining", running, drain},
      {"draining, wakeup paused", running, [](auto& s) { drain(s), s.tell(kept_written{.held = 1, .kept = 1}); }},
      {"draining, wakeup closed", running, [](auto& s) { drain(s), s.tell(wakeup_ended{}); }},
      {"unreadable", running, [](auto& s) { read(s), s.fail(log_end::unsupported); }},
      {"done", running, [](auto& s) { drain(s), s.tell(wakeup_ended{}), s.tell(kept_written{.held = 0, .kept = 0}); }},
  };
  return all;
}

const std::vector<std::pair<const char*, follow_event>>& events() {
  static const std::vector<std::pair<const char*, follow_event>> all = {
      {"started", follow_started{}},
      {"running", container_changed{container_state::running}},
      {"stopped", container_changed{container_state::stopped}},
      {"removed", container_changed{container_state::removed}},
      {"wait elapsed", wait_elapsed{}},
      {"slot granted", slot_granted{}},
      {"first piece is known", first_piece_fetched{.is_known = true}},
      {"first piece is not known", first_piece_fetched{.is_known = false}},
      {"part of a line", piece_fetched{join_result::open, 0}},
      {"line", piece_fetched{join_result::line, 1}},
      {"line, 96 KB held", piece_fetched{join_result::line, k_held_urgent}},
      {"line, 128 KB held", piece_fetched{join_result::line, k_held_pause}},
      {"answer ends: eof", fetch_ended{log_end::eof, "", 0}},
      {"answer ends: eof, lines held", fetch_ended{log_end::eof, "", 1}},
      {"answer ends: stopped", fetch_ended{log_end::stopped, "", 0}},
      {"answer ends: gone", fetch_ended{log_end::gone, "404", 0}},
      {"answer ends: removing", fetch_ended{log_end::removing, "409", 0}},
      {"answer ends: unsupported", fetch_ended{log_end::unsupported, "none", 0}},
      {"answer ends: failed", fetch_ended{log_end::failed, "500", k_held_urgent}},
      {"answer finished", answer_finished{0, 0}},
      {"answer finished, lines kept", answer_finished{1, k_kept_resume}},
      {"answer finished, many lines kept", answer_finished{1, k_kept_resume + 1}},
      {"wakeup opened", wakeup_opened{}},
      {"wakeup refused", wakeup_refused{}},
      {"wakeup brings part of a line", wakeup_received{false, 0}},
      {"wakeup brings a line", wakeup_received{true, 100}},
      {"wakeup brings a line, 64 KB kept", wakeup_received{true, k_kept_max + 1}},
      {"wakeup ended", wakeup_ended{}},
      {"kept lines written", kept_written{1, 0}},
      {"some kept lines written", kept_written{k_held_urgent, 1}},
      {"lines written", lines_written{0}},
      {"some lines written", lines_written{k_held_resume + 1}},
  };
  return all;
}

// Each state: what each event leads to; an event that does nothing is left out.
std::string write_table() {
  std::ostringstream table;
  for (const auto& state : states()) {
    table << state.name << "\n";
    for (const auto& [name, event] : events()) {
      follow_script s(state.container);
      state.reach(s);
      const bool was_done = s.policy.is_done();
      auto effect = s.tell(event);
      if (s.policy.is_done() && !was_done) effect += effect.empty() ? "(done)" : " (done)";
      if (!effect.empty()) table << "  " << name << ": " << effect << "\n";
    }
  }
  return table.str();
}

}  // namespace

TEST_CASE("each event does in each state what the table says") {
  std::istringstream expected(test::read_file(HEBERG_FOLLOW_TABLE));
  const auto table = write_table();
  if (std::getenv("HEBERG_PRINT_TABLE") != nullptr) std::fputs(table.c_str(), stdout);
  std::istringstream actual(table);
  INFO("the table is " HEBERG_FOLLOW_TABLE "; HEBERG_PRINT_TABLE=1 prints the new one");
  std::string expected_line, actual_line, state;
  while (std::getline(expected, expected_line) && expected_line.starts_with('#')) {
  }
  do {
    if (!std::getline(actual, actual_line)) actual_line = "(end)";
    if (!actual_line.starts_with(' ')) state = actual_line;
    INFO(state);
    REQUIRE(actual_line == expected_line);
  } while (std::getline(expected, expected_line));
  CHECK_FALSE(std::getline(actual, actual_line));
}

TEST_CASE("a container that is new is fetched whole, one that is known from where it was left") {
  const bool is_known = GENERATE(false, true);
  follow_script s(container_state::running, is_known);
  CHECK(s.tell(follow_started{}) == "wait 0 ms");
  CHECK(s.elapse() == "request slot");
  CHECK(s.tell(slot_granted{}) == (is_known ? "fetch 64" : "fetch all"));
  CHECK(s.tell(first_piece_fetched{.is_known = false}) == (is_known ? "stop fetch" : ""));
}

TEST_CASE("an answer that does not reach back to what is known is fetched again, larger, at last whole") {
  follow_script s;
  s.tell(follow_started{});
  for (const auto* size : {"64", "512", "4096", "32768", "all"}) {
    CHECK(s.begin_fetch() == std::string("fetch ") + size);
    CHECK(s.tell(first_piece_fetched{.is_known = false}) == (size == std::string("all") ? "" : "stop fetch"));
    if (size == std::string("all")) break;
    CHECK(s.fail(log_end::stopped) == "release slot, drop open lines, wait 0 ms");
  }
}

TEST_CASE("the size of a fetch follows what the last one brought") {
  follow_script s;
  s.listen();
  for (const auto& [lines, size] : {std::pair(0, 64), {100, 264}, {20'000, 32'768}}) {
    s.fetch(lines);
    s.tell(wakeup_opened{});
    CHECK(s.begin_fetch() == "fetch " + std::to_string(size));
    s.end_fetch();
  }
}

TEST_CASE("what is written together is fetched together, 50 ms after the first wake-up") {
  follow_script s;
  s.listen();
  CHECK(s.tell(wakeup_received{.ends_line = true, .kept = 10}) == "wait 50 ms");
  s.now += 20ms;
  CHECK(s.tell(wakeup_received{.ends_line = true, .kept = 20}).empty());
  s.elapse();
  CHECK(s.now - follow_script().now == 50ms);
  CHECK(s.tell(slot_granted{}) == "fetch 64");
  CHECK(s.tell(wakeup_received{.ends_line = true, .kept = 30}).empty());
  CHECK(s.end_fetch(2, 10) == "wait 50 ms");  // for what came while it was read
}

TEST_CASE("without a wake-up the log is polled ever less often, and after a minute no more, with lines, often again") {
  follow_script s;
  s.listen();
  CHECK(s.due - s.now == 1s);
  for (const auto* wait : {"wait 4000 ms", "wait 16000 ms", "wait 64000 ms", ""}) CHECK(s.fetch() == wait);
  s.tell(wakeup_received{.ends_line = true, .kept = 10});
  CHECK(s.fetch(1) == "wait 1000 ms");
}

TEST_CASE("a container that got no wake-up connection is polled every five seconds") {
  follow_script s;
  s.tell(follow_started{});
  CHECK(s.fetch() == "open wakeup");
  CHECK(s.tell(wakeup_refused{}) == "wait 4000 ms");
  for (int i = 0; i < 3; ++i) {
    CHECK(s.fetch() == "open wakeup");  // one may be free by now
    CHECK(s.tell(wakeup_refused{}) == "wait 5000 ms");
  }
  CHECK(s.fetch(1) == "open wakeup");
  CHECK(s.tell(wakeup_refused{}) == "wait 1000 ms");
}

TEST_CASE("a wake-up connection that said nothing of lines has lost its place, and is opened anew") {
  follow_script s;
  s.listen();
  CHECK(s.fetch(1) == "close wakeup, open wakeup");
  CHECK(s.tell(wakeup_opened{}) == "wait 1000 ms");
}

TEST_CASE("a wake-up connection that announced the lines stays open") {
  follow_script s;
  s.listen();
  s.tell(wakeup_received{.ends_line = true, .kept = 10});
  CHECK(s.fetch(1) == "wait 1000 ms");
}

TEST_CASE("an open line that comes again with each answer is no news") {
  follow_script s;
  s.listen();
  s.begin_fetch();
  s.tell(piece_fetched{join_result::open, 0});
  CHECK(s.end_fetch() == "close wakeup, open wakeup");
  s.tell(wakeup_opened{});
  s.begin_fetch();
  s.tell(piece_fetched{join_result::open, 0});
  CHECK(s.end_fetch() == "wait 4000 ms");
}

TEST_CASE("many kept lines pause the wake-up connection until a fetch has brought them") {
  follow_script s;
  s.listen();
  CHECK(s.tell(wakeup_received{.ends_line = true, .kept = k_kept_max + 1}) == "wait 50 ms, pause wakeup, wait 0 ms");
  CHECK(s.tell(wakeup_received{.ends_line = true, .kept = k_kept_max + 2}).empty());
  CHECK(s.fetch(3, 0) == "resume wakeup, wait 1000 ms");
}

TEST_CASE("lines that the engine has lost do not silence the wake-up connection") {
  follow_script s;
  s.listen();
  // It pauses while a fetch is read, which began before: that one may not have had the lines yet.
  s.begin_fetch();
  s.tell(wakeup_received{.ends_line = true, .kept = 2 * k_kept_max});
  CHECK(s.fail(log_end::eof) == "release slot, finish answer");
  CHECK(s.tell(answer_finished{.held = 0, .kept = 2 * k_kept_max}) == "wait 50 ms");
  // The next one has not brought them either: they are lost. Room is made, and the stream goes on.
  s.begin_fetch();
  CHECK(s.fail(log_end::eof) == "release slot, finish answer and trim kept lines");
  CHECK(s.tell(answer_finished{.held = 0, .kept = k_kept_resume}) == "resume wakeup, wait 16000 ms");
  // Long after the last poll, too.
  s.fetch(0, k_kept_resume);
  CHECK(s.fetch(0, k_kept_resume).empty());
  s.now += 1h;
  CHECK(s.tell(wakeup_received{.ends_line = true, .kept = k_kept_resume + 4}) == "wait 50 ms");
}

TEST_CASE(
    "a fetch that fails is tried again ever later, with one warning, and one that succeeds makes that forgotten") {
  follow_script s;
  s.tell(follow_started{});
  const auto fail = [&] {
    s.begin_fetch();
    return s.fail(log_end::failed, "the engine hung up");
  };
  for (int round = 0; round < 2; ++round) {
    for (const auto* wait : {"200", "400", "800"}) {
      CHECK(fail() == std::string("release slot, drop open lines, wait ") + wait + " ms");
    }
    CHECK(fail() ==
          "release slot, drop open lines, warn: cannot be fetched, trying again: the engine hung up, wait 1600 ms");
    for (const auto* wait : {"3200", "5000", "5000", "5000", "5000"}) {
      CHECK(fail() == std::string("release slot, drop open lines, wait ") + wait + " ms");
    }
    s.fetch();
    s.tell(wakeup_opened{});
  }
}

TEST_CASE("a log that is refused because the container is being removed is no failure") {
  follow_script s;
  s.listen();
  s.tell(wakeup_received{.ends_line = true, .kept = 10});
  for (const auto* wait : {"200", "400", "800", "1600", "3200", "5000", "5000"}) {
    s.begin_fetch();
    CHECK(s.fail(log_end::removing) == std::string("release slot, wait ") + wait + " ms");
  }
  CHECK(s.tell(container_changed{container_state::removed}) == "wait 0 ms");
  s.begin_fetch();
  CHECK(s.fail(log_end::gone) == "release slot, drop open lines, write kept lines");
}

TEST_CASE("lines of an answer that failed are no news of the next one") {
  follow_script s;
  s.listen();
  s.begin_fetch();
  s.tell(piece_fetched{join_result::line, 1});
  s.fail(log_end::failed);
  CHECK(s.fetch() == "wait 4000 ms");
}

TEST_CASE("a wake-up connection that ends is opened again after a fetch at once, and where that goes on, ever later") {
  follow_script s;
  s.listen();
  for (const auto* wait : {"wait 0 ms", "wait 200 ms", "wait 400 ms", "wait 800 ms"}) {
    CHECK(s.tell(wakeup_ended{}) == wait);
    CHECK(s.fetch() == "open wakeup");
    s.tell(wakeup_opened{});
  }
  s.now += 2 * k_retry_max;
  CHECK(s.tell(wakeup_ended{}) == "");  // a poll is overdue
  CHECK(s.fetch() == "open wakeup");
  s.tell(wakeup_opened{});
  CHECK(s.tell(wakeup_ended{}) == "wait 200 ms");
}

TEST_CASE("a container that has ended before an answer began has no line left open in it") {
  follow_script s;
  s.listen();
  s.begin_fetch();
  s.tell(container_changed{container_state::stopped});
  CHECK(s.fail(log_end::eof) == "release slot, finish answer");  // it may have been added to since
  CHECK(s.tell(answer_finished{0, 0}) == "wait 1000 ms");
  s.begin_fetch();
  CHECK(s.fail(log_end::eof) == "release slot, finish answer and open lines");
  CHECK(s.tell(answer_finished{0, 0}).empty());  // and is left alone
}

TEST_CASE("a removed container's kept lines are its final lines: written at the disk's pace, then it is done") {
  follow_script s;
  s.listen();
  s.tell(wakeup_received{.ends_line = true, .kept = 10});
  CHECK(s.tell(container_changed{container_state::removed}) == "wait 0 ms");
  s.begin_fetch();
  CHECK(s.fail(log_end::gone) == "release slot, drop open lines, write kept lines");
  CHECK(s.tell(kept_written{.held = 10, .kept = 0}) == "flush");
  CHECK(s.tell(wakeup_received{.ends_line = true, .kept = k_kept_max}) == "write kept lines");
  CHECK(s.tell(kept_written{.held = k_held_pause, .kept = 5}) == "flush now, pause wakeup");
  CHECK(s.tell(lines_written{k_held_resume + 1}).empty());
  CHECK(s.tell(lines_written{k_held_resume}) == "write kept lines");
  CHECK(s.tell(kept_written{.held = k_held_resume + 5, .kept = 0}) == "flush, resume wakeup");
  CHECK_FALSE(s.policy.is_done());
  CHECK(s.tell(wakeup_ended{}) == "write kept lines");
  CHECK(s.tell(kept_written{.held = 0, .kept = 0}) == "write open kept lines, flush");
  CHECK(s.policy.is_done());
}

TEST_CASE("a removed container that the engine still answers for is polled to the end of its wake-up connection") {
  follow_script s;
  s.listen();
  s.tell(container_changed{container_state::removed});
  for (int i = 0; i < 10; ++i) CHECK(s.fetch() == "wait 1000 ms");
  CHECK(s.tell(wakeup_ended{}) == "wait 0 ms");
  for (int i = 0; i < 2; ++i) CHECK(s.fetch() == "wait 1000 ms");
  CHECK_FALSE(s.policy.is_done());
  CHECK(s.fetch() == "flush");
  CHECK(s.policy.is_done());
}

TEST_CASE("a container that the engine has again is followed as before") {
  follow_script s;
  s.tell(follow_started{});
  s.tell(container_changed{container_state::removed});
  for (int i = 0; i < 3; ++i) s.fetch();
  REQUIRE(s.policy.is_done());
  CHECK(s.tell(container_changed{container_state::running}) == "wait 0 ms");
  CHECK_FALSE(s.policy.is_done());
  CHECK(s.fetch() == "open wakeup");
}

TEST_CASE("a log that cannot be read is told of once and left alone until the container is started again") {
  follow_script s;
  s.listen();
  s.begin_fetch();
  CHECK(s.fail(log_end::unsupported, "none") ==
        "release slot, warn: cannot be read, so access.log and error.log stay empty: none, close wakeup");
  CHECK(s.tell(container_changed{container_state::stopped}).empty());
  CHECK(s.tell(container_changed{container_state::running}) == "wait 0 ms");
  CHECK(s.begin_fetch() == "fetch 64");
}
