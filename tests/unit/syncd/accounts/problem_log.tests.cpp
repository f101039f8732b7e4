// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/problem_log.h"

#include <catch2/catch.hpp>

#include <vector>

using namespace heberg;
using namespace heberg::syncd;

namespace {

struct log_fixture {
  std::vector<std::string> lines;
  problem_log log{[this](level, std::string_view text) { lines.emplace_back(text); }};

  void report(const std::string& topic, const std::string& text) { log.report(topic, level::warning, "a", text); }
};

}  // namespace

TEST_CASE_METHOD(log_fixture, "a problem is logged once, again when it changes, and when it is over") {
  report("tree a", "");
  report("tree a", "bad mode");
  report("tree a", "bad mode");
  report("tree a", "bad owner");
  report("tree a", "");
  report("tree a", "");
  CHECK(lines == std::vector<std::string>{"a: bad mode", "a: bad owner", "a: the problem is resolved"});
}

TEST_CASE_METHOD(log_fixture, "problems of two topics do not hide one another") {
  report("tree a", "broken");
  report("password a", "broken");
  report("tree a", "");
  report("password a", "broken");
  CHECK(lines == std::vector<std::string>{"a: broken", "a: broken", "a: the problem is resolved"});
}

TEST_CASE_METHOD(log_fixture, "a forgotten problem ends without a line, and is logged when it returns") {
  report("tree a", "broken");
  log.forget("tree a");
  report("tree a", "");
  CHECK(lines.size() == 1);
  report("tree a", "broken");
  CHECK(lines.size() == 2);
}
