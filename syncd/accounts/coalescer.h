// SPDX-License-Identifier: LGPL-2.1-or-later
// When to publish: a first change at once; changes that come together in one go, after a little quiet, and never later
// than an upper bound. After a failure, again in a second. Pure: times in, times out.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace heberg::syncd {

class coalescer {
 public:
  using clock = std::chrono::steady_clock;

  static constexpr std::chrono::milliseconds k_quiet{100};
  static constexpr std::chrono::milliseconds k_longest{500};
  static constexpr std::chrono::milliseconds k_patient{2000};
  static constexpr std::chrono::milliseconds k_retry{1000};

  void change(clock::time_point now) {
    first_ = std::min(first_, now);
    last_ = now;
  }
  void change_that_can_wait(clock::time_point now) { patient_ = std::min(patient_, now + k_patient); }
  void succeed(clock::time_point now) {
    first_ = patient_ = k_never;
    not_before_ = now + k_quiet;
  }
  void fail(clock::time_point now) { not_before_ = now + k_retry; }

  // Empty: there is nothing to do.
  [[nodiscard]] std::optional<clock::time_point> due() const {
    const auto when = std::min(hurried(), patient_);
    if (when == k_never) return std::nullopt;
    return std::max(when, not_before_);
  }

 private:
  static constexpr clock::time_point k_never = clock::time_point::max();

  [[nodiscard]] clock::time_point hurried() const {
    if (first_ >= not_before_) return first_;  // it was quiet before; or there is nothing
    return std::max(not_before_, std::min(last_ + k_quiet, first_ + k_longest));
  }

  clock::time_point first_ = k_never;
  clock::time_point last_{};
  clock::time_point patient_ = k_never;
  clock::time_point not_before_{};
};

}  // namespace heberg::syncd
