// SPDX-License-Identifier: LGPL-2.1-or-later
// A rate limit for one sender's lines: so many a second, after a burst of so many. Lines over the limit are counted,
// and the count comes with the next line within it. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace heberg::syncd {

class line_budget {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  line_budget(double per_second, double burst) : per_second_(per_second), burst_(burst), left_(burst) {}

  // nullopt: this line is over the limit. Else the number of lines that were, since the last one within it.
  std::optional<std::size_t> take(time_point now) {
    const std::chrono::duration<double> passed = now - std::exchange(last_, std::max(last_, now));
    if (passed.count() > 0) left_ = std::min(burst_, left_ + passed.count() * per_second_);
    if (left_ < 1) {
      ++dropped_;
      return std::nullopt;
    }
    left_ -= 1;
    return std::exchange(dropped_, 0);
  }

 private:
  double per_second_;
  double burst_;
  double left_;
  time_point last_{};
  std::size_t dropped_ = 0;
};

}  // namespace heberg::syncd
