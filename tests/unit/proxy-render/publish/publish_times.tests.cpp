// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/publish_times.h"

#include <catch2/catch.hpp>

#include <vector>

using heberg::debounce;
using heberg::proxy::k_publish_times;
using namespace std::chrono_literals;

namespace {

const debounce::time k_start{1h};

// Publishes whenever it is due while changes come at these times; when it published.
std::vector<std::chrono::milliseconds> play(const std::vector<std::chrono::milliseconds>& changes) {
  debounce when(k_publish_times);
  std::vector<std::chrono::milliseconds> published;
  auto next = changes.begin();
  for (auto now = 0ms; now < 30s; now += 1ms) {
    while (next != changes.end() && *next == now) {
      when.note_change(k_start + now);
      ++next;
    }
    if (when.due() && *when.due() <= k_start + now) {
      when.take_changes();
      when.note_success(k_start + now);
      published.push_back(now);
    }
  }
  return published;
}

}  // namespace

TEST_CASE("an urgent change waits for nothing") {
  debounce when(k_publish_times);
  when.note_success(k_start);
  when.note_change(k_start + 1ms);
  CHECK(*when.due() > k_start + 1ms);
  when.note_urgent_change(k_start + 1ms);
  CHECK(*when.due() == k_start + 1ms);
  when.take_changes();
  CHECK_FALSE(when.due());
}

TEST_CASE("nothing is due without a change") {
  CHECK_FALSE(debounce(k_publish_times).due());
}

TEST_CASE("a first change is published at once, and so is one after a second of quiet") {
  CHECK(play({0ms, 1000ms, 5000ms}) == std::vector{0ms, 1000ms, 5000ms});
}

TEST_CASE("changes right after a publication are taken together, half a second after it") {
  CHECK(play({0ms, 10ms, 20ms, 300ms}) == std::vector{0ms, 500ms});
}

TEST_CASE("late changes wait for a tenth of a second of quiet") {
  CHECK(play({0ms, 450ms, 490ms, 540ms}) == std::vector{0ms, 640ms});
}

TEST_CASE("no change waits longer than a second, and a storm of 100 in 10 s makes at most 20 publications") {
  std::vector<std::chrono::milliseconds> storm;
  for (int i = 0; i < 100; ++i) storm.push_back(i * 97ms);
  const auto published = play(storm);
  CHECK(published.size() <= 20);
  CHECK(published.back() >= storm.back());
  for (std::size_t i = 1; i < published.size(); ++i) CHECK(published[i] - published[i - 1] <= 1100ms);
}

TEST_CASE("a second attempt planned for later does not hold up a new change") {
  debounce when(k_publish_times);
  when.note_change(k_start + 5s);
  CHECK(when.due() == k_start + 5s);
  when.note_change(k_start + 1s);
  CHECK(when.due() == k_start + 1s);
}

TEST_CASE("a publication that changed nothing does not slow down the next one") {
  debounce when(k_publish_times);
  when.note_change(k_start);
  when.take_changes();
  CHECK_FALSE(when.due());
  when.note_change(k_start + 1ms);
  CHECK(when.due() == k_start + 1ms);
}
