// SPDX-License-Identifier: LGPL-2.1-or-later
// A rate limit for one sender's lines: so many lines and so many bytes a second, after a burst of so many. Lines over
// the limit are counted, and the count comes with the next line within it. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace heberg::syncd {

struct line_rate {
  double per_second;
  double burst;
};

class line_budget {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit line_budget(line_rate lines, line_rate bytes = {1e18, 1e18})
      : lines_(lines), bytes_(bytes), lines_left_(lines.burst), bytes_left_(bytes.burst) {}

  // bytes: the line's; more than a burst of them never fits. nullopt: this line is over the limit. Else the number of
  // lines that were, since the last one within it.
  std::optional<std::size_t> take(time_point now, std::size_t bytes = 0) {
    const std::chrono::duration<double> passed = now - std::exchange(last_, std::max(last_, now));
    if (passed.count() > 0) {
      lines_left_ = std::min(lines_.burst, lines_left_ + passed.count() * lines_.per_second);
      bytes_left_ = std::min(bytes_.burst, bytes_left_ + passed.count() * bytes_.per_second);
    }
    const auto size = static_cast<double>(bytes);
    if (lines_left_ < 1 || bytes_left_ < size) {
      ++dropped_;
      return std::nullopt;
    }
    lines_left_ -= 1;
    bytes_left_ -= size;
    return std::exchange(dropped_, 0);
  }

 private:
  line_rate lines_;
  line_rate bytes_;
  double lines_left_;
  double bytes_left_;
  time_point last_{};
  std::size_t dropped_ = 0;
};

}  // namespace heberg::syncd
