// SPDX-License-Identifier: LGPL-2.1-or-later
// When to publish: a first change at once; changes that follow it are taken together, 100 ms after the last of them,
// 500 ms after the last publication at the earliest (a reload costs nginx a generation of workers), 1 s after the first
// of them at the latest. Pure: the clock is the caller's.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace heberg::proxy {

class schedule {
 public:
  using time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds k_quiet{100};
  static constexpr std::chrono::milliseconds k_spacing{500};
  static constexpr std::chrono::milliseconds k_longest{1000};

  // At a time in the future: something is to be tried again then, unless a change comes before.
  void note_change(time at) noexcept {
    first_ = first_ ? std::min(*first_, at) : at;
    last_ = at;
  }

  // A publication begins: it takes all changes noted so far.
  void begin() noexcept { first_.reset(); }

  // It put a new text into place (most changes of containers change no text).
  void note_publication(time now) noexcept { published_ = now; }

  // When the next publication is due; nothing where there is no change.
  [[nodiscard]] std::optional<time> due() const noexcept {
    if (!first_) return std::nullopt;
    if (!published_ || *first_ >= *published_ + k_longest) return *first_;
    return std::min(std::max(last_ + k_quiet, *published_ + k_spacing), *first_ + k_longest);
  }

 private:
  std::optional<time> first_;  // of the changes not yet published
  time last_{};
  std::optional<time> published_;
};

}  // namespace heberg::proxy
