// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/publish_times.h"

#include <catch2/catch.hpp>

using heberg::debounce;
using heberg::syncd::k_publish_times;
using namespace std::chrono_literals;

namespace {
debounce::time at(std::chrono::milliseconds since) {
  return debounce::time(1h + since);
}

void succeed(debounce& c, debounce::time now) {
  c.take_changes();
  c.note_success(now);
}
}  // namespace

TEST_CASE("nothing is due where nothing changed") {
  debounce c(k_publish_times);
  CHECK_FALSE(c.due());
  c.note_change(at(0ms));
  succeed(c, at(1ms));
  CHECK_FALSE(c.due());
}

TEST_CASE("a first change is due at once") {
  debounce c(k_publish_times);
  c.note_change(at(0ms));
  CHECK(c.due() == at(0ms));
  succeed(c, at(1ms));
  c.note_change(at(500ms));
  CHECK(c.due() == at(500ms));
}

TEST_CASE("a change soon after a publication waits for quiet") {
  debounce c(k_publish_times);
  c.note_change(at(0ms));
  succeed(c, at(0ms));
  c.note_change(at(50ms));
  CHECK(c.due() == at(150ms));
  c.note_change(at(120ms));
  CHECK(c.due() == at(220ms));
}

TEST_CASE("changes without pause are published within the upper bound") {
  debounce c(k_publish_times);
  c.note_change(at(0ms));
  succeed(c, at(0ms));
  for (auto t = 10ms; t < 2s; t += 10ms) c.note_change(at(t));
  CHECK(c.due() == at(510ms));
}

TEST_CASE("after a failure it is tried again a second later, and what changed meanwhile goes with it") {
  debounce c(k_publish_times);
  c.note_change(at(0ms));
  c.note_failure(at(5ms));
  CHECK(c.due() == at(1005ms));
  c.note_change(at(10ms));
  CHECK(c.due() == at(1005ms));
}

TEST_CASE("what can wait is published every two seconds, and goes with a change that cannot") {
  debounce c(k_publish_times);
  c.note_slow_change(at(0ms));
  c.note_slow_change(at(1500ms));
  CHECK(c.due() == at(2000ms));
  c.note_change(at(1600ms));
  CHECK(c.due() == at(1600ms));
  succeed(c, at(1600ms));
  CHECK_FALSE(c.due());
}

TEST_CASE("what can wait is not hurried by a failure") {
  debounce c(k_publish_times);
  c.note_slow_change(at(0ms));
  c.note_failure(at(2000ms));
  CHECK(c.due() == at(3000ms));
}
