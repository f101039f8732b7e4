// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/coalescer.h"

#include <catch2/catch.hpp>

using heberg::syncd::coalescer;
using namespace std::chrono_literals;

namespace {
coalescer::clock::time_point at(std::chrono::milliseconds since) {
  return coalescer::clock::time_point(1h + since);
}
}  // namespace

TEST_CASE("nothing is due where nothing changed") {
  coalescer c;
  CHECK_FALSE(c.due());
  c.change(at(0ms));
  c.succeed(at(1ms));
  CHECK_FALSE(c.due());
}

TEST_CASE("a first change is due at once") {
  coalescer c;
  c.change(at(0ms));
  CHECK(c.due() == at(0ms));
  c.succeed(at(1ms));
  c.change(at(500ms));
  CHECK(c.due() == at(500ms));
}

TEST_CASE("a change soon after a publication waits for quiet") {
  coalescer c;
  c.change(at(0ms));
  c.succeed(at(0ms));
  c.change(at(50ms));
  CHECK(c.due() == at(150ms));
  c.change(at(120ms));
  CHECK(c.due() == at(220ms));
}

TEST_CASE("changes without pause are published within the upper bound") {
  coalescer c;
  c.change(at(0ms));
  c.succeed(at(0ms));
  for (auto t = 10ms; t < 2s; t += 10ms) c.change(at(t));
  CHECK(c.due() == at(510ms));
}

TEST_CASE("after a failure it is tried again a second later, and what changed meanwhile goes with it") {
  coalescer c;
  c.change(at(0ms));
  c.fail(at(5ms));
  CHECK(c.due() == at(1005ms));
  c.change(at(10ms));
  CHECK(c.due() == at(1005ms));
}

TEST_CASE("what can wait is published every two seconds, and goes with a change that cannot") {
  coalescer c;
  c.change_that_can_wait(at(0ms));
  c.change_that_can_wait(at(1500ms));
  CHECK(c.due() == at(2000ms));
  c.change(at(1600ms));
  CHECK(c.due() == at(1600ms));
  c.succeed(at(1600ms));
  CHECK_FALSE(c.due());
}

TEST_CASE("what can wait is not hurried by a failure") {
  coalescer c;
  c.change_that_can_wait(at(0ms));
  c.fail(at(2000ms));
  CHECK(c.due() == at(3000ms));
}
