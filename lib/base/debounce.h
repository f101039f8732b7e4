// SPDX-License-Identifier: LGPL-2.1-or-later
// When to act on changes that come in bursts: a first change at once, those that follow it together, after a little
// quiet, and never later than an upper bound. Pure: times in, times out. For daemons; no plugin has a use for it.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace heberg {

struct debounce_times {
  std::chrono::milliseconds quiet{};     // since the last change, before the changes of a burst are acted on
  std::chrono::milliseconds spacing{};   // since the last success, at least, unless a change has waited for `longest`
  std::chrono::milliseconds calm{};      // since the last success: a change after it is due at once
  std::chrono::milliseconds longest{};   // that a change waits for quiet
  std::chrono::milliseconds retry{};     // after a failure
  std::chrono::milliseconds patience{};  // of a change that can wait, where none comes that cannot
};

class debounce {
 public:
  using time = std::chrono::steady_clock::time_point;

  explicit constexpr debounce(const debounce_times& times) noexcept : times_(times) {}

  // At a time in the future: something is to be tried again then, unless a change comes before.
  void note_change(time at) noexcept {
    first_ = std::min(first_, at);
    last_ = at;
  }
  void note_slow_change(time now) noexcept { slow_ = std::min(slow_, now + times_.patience); }

  // One that waits for neither quiet nor distance.
  void note_urgent_change(time now) noexcept { urgent_ = std::min(urgent_, now); }

  // An action begins, or has succeeded: it covers all changes noted so far.
  void take_changes() noexcept { first_ = slow_ = urgent_ = k_never; }

  // After a success the next action keeps its distance. (An action that had nothing to do need not be noted.)
  void note_success(time now) noexcept {
    calm_from_ = now + times_.calm;
    spaced_from_ = now + times_.spacing;
    not_before_ = time::min();
  }
  // Changes that were not taken stay.
  void note_failure(time now) noexcept { calm_from_ = spaced_from_ = not_before_ = now + times_.retry; }

  // Empty: there is nothing to do.
  [[nodiscard]] std::optional<time> due() const noexcept {
    const auto when = std::min({due_by_changes(), slow_, urgent_});
    if (when == k_never) return std::nullopt;
    return std::max(when, not_before_);
  }

 private:
  static constexpr time k_never = time::max();

  [[nodiscard]] time due_by_changes() const noexcept {
    if (first_ >= calm_from_) return first_;  // it was quiet before; or there is no change
    return std::min(std::max(last_ + times_.quiet, spaced_from_), first_ + times_.longest);
  }

  debounce_times times_;
  time first_ = k_never;  // of the changes not yet taken
  time last_{};
  time slow_ = k_never;
  time urgent_ = k_never;
  time calm_from_ = time::min();
  time spaced_from_ = time::min();
  time not_before_ = time::min();
};

}  // namespace heberg
