// SPDX-License-Identifier: LGPL-2.1-or-later
// How many lines one sender may have written: so many a second, after so many at once. What is beyond is counted, and
// told with the next line that is within. Pure.
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

  line_budget(double per_second, double at_once) : per_second_(per_second), at_once_(at_once), left_(at_once) {}

  // Empty: this line is left out. Else how many were, before it and after the last one that was not.
  std::optional<std::size_t> take(time_point now) {
    const std::chrono::duration<double> passed = now - std::exchange(last_, std::max(last_, now));
    if (passed.count() > 0) left_ = std::min(at_once_, left_ + passed.count() * per_second_);
    if (left_ < 1) {
      ++left_out_;
      return std::nullopt;
    }
    left_ -= 1;
    return std::exchange(left_out_, 0);
  }

 private:
  double per_second_;
  double at_once_;
  double left_;
  time_point last_{};
  std::size_t left_out_ = 0;
};

}  // namespace heberg::syncd
