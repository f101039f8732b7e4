// SPDX-License-Identifier: LGPL-2.1-or-later
// The log of a fake container, as the engine keeps it: entries in order, and the answers made of them. It follows as
// badly as Docker 20.10 does (docs/decisions/0010) when lose_when_following and repeat_when_following are set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::test {

struct fake_log_entry {
  int stream = 1;  // 1 or 2
  std::int64_t stamp = 0;
  std::string text;  // with its newline, where it ends a line
};

struct fake_log {
  std::vector<fake_log_entry> entries;
  std::size_t first = 0;        // older ones were rotated away
  int lose_when_following = 0;  // of each so many entries one is missing from answers that follow; 0: none
  bool repeat_when_following = false;
  int status = 200;            // another: the engine refuses
  std::string refusal = "no";  // with this message
};

// One entry as the engine sends it.
[[nodiscard]] std::string log_frame(const fake_log_entry& entry, bool tty);

// "tail" and "since" of a target; all, where it names none.
struct fake_log_query {
  bool follow = false;
  std::size_t tail = SIZE_MAX;
  std::int64_t since = 0;
};
[[nodiscard]] fake_log_query parse_log_query(std::string_view target);

// Where the answer begins: the index of its first entry.
[[nodiscard]] std::size_t first_of(const fake_log& log, const fake_log_query& query);

}  // namespace heberg::test
