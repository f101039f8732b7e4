// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/journal_sender.h"

#include <catch2/catch.hpp>

#include <cerrno>
#include <vector>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;
using docker::log_stream;

namespace {

// A journald that takes a line when it is let.
struct fake_journal {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_open = true;
  int answer = 0;
  std::vector<std::string> lines;
  std::vector<std::string> said;
  std::chrono::steady_clock::time_point now{1h};
  journal_sender sender{[this](const std::string& site, log_stream, std::string_view line) {
                          std::unique_lock lock(mutex);
                          changed.wait(lock, [this] { return is_open; });
                          lines.push_back(site + ": " + std::string(line));
                          changed.notify_all();
                          return answer;
                        },
                        [this](level, std::string_view text) {
                          const std::lock_guard lock(mutex);
                          said.emplace_back(text);
                          changed.notify_all();
                        },
                        [this] { return now; }};
  ~fake_journal() { open(true); }
  void open(bool is) {
    const std::lock_guard lock(mutex);
    is_open = is;
    changed.notify_all();
  }
  bool wait_for(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 10s, condition);
  }
  bool has(const std::string& line) {
    return wait_for([&] { return std::find(lines.begin(), lines.end(), line) != lines.end(); });
  }
};

}  // namespace

TEST_CASE_METHOD(fake_journal, "lines go to the journal one by one, each with its site") {
  sender.push("a", log_stream::out, "one\ntwo\n");
  sender.push("b", log_stream::error, "three\n");
  CHECK(has("b: three\n"));
  CHECK(lines == std::vector<std::string>{"a: one\n", "a: two\n", "b: three\n"});
}

TEST_CASE_METHOD(fake_journal, "one site's flood is held to its share and counted, and leaves the others theirs") {
  for (int i = 0; i < 10'000; ++i) sender.push("a", log_stream::out, "x\n");
  sender.push("b", log_stream::out, "mine\n");
  CHECK(has("b: mine\n"));
  CHECK(lines.size() == 3001);
  now += 30s;
  for (int i = 0; i < 10'000; ++i) sender.push("a", log_stream::out, "x\n");
  sender.push("b", log_stream::out, "end\n");
  CHECK(has("b: end\n"));
  CHECK(lines.size() == 3001 + 3002);  // journald's own limit is 10000 in 30 s
  CHECK(has("a: heberg: 7000 lines before this are in the site's log files alone\n"));
}

TEST_CASE_METHOD(fake_journal, "a journal that takes nothing delays nobody, and holds a bounded part of the lines") {
  open(false);
  const std::string line(1000, 'x');
  for (int i = 0; i < 3000; ++i) sender.push("a", log_stream::out, line + "\n");
  sender.push("b", log_stream::out, "mine\n");
  open(true);
  CHECK(has("b: mine\n"));
  CHECK(lines.size() <= 264);
  sender.push("a", log_stream::out, "after\n");
  CHECK(has("a: after\n"));
}

TEST_CASE_METHOD(fake_journal, "a journal that is not there is named once, and so is its return") {
  answer = ENOENT;
  sender.push("a", log_stream::out, "1\n2\n");
  CHECK(has("a: 2\n"));
  {
    const std::lock_guard lock(mutex);
    answer = 0;
  }
  sender.push("a", log_stream::out, "3\n");
  CHECK(wait_for([&] { return said.size() == 2; }));
  CHECK_THAT(said[0], Catch::Contains("No such file"));
}
