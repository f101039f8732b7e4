// SPDX-License-Identifier: LGPL-2.1-or-later
// How far long work is, on one line of the terminal that goes away with the work. Nothing is shown where standard error
// is no terminal, where JSON is asked for, or where the work is done at once.
#pragma once

#include "archive/manifest.h"
#include "hebergctl/command.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace heberg::ctl {

struct progress_state {
  std::string_view what;    // "site_1: packing"; what it holds is not a stranger's
  std::uint64_t done = 0;   // bytes
  std::uint64_t total = 0;  // 0: not known
  std::chrono::duration<double> elapsed{};
};

// At most so many columns. Pure.
[[nodiscard]] std::string draw_progress(const progress_state& state, std::size_t columns);

// Is standard error a terminal, and JSON not asked for?
[[nodiscard]] bool wants_progress(const command& given);

class progress {
 public:
  explicit progress(const command& given);
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress();  // takes the line away

  [[nodiscard]] bool is_shown() const noexcept { return is_shown_; }

  // Stands before all that is shown from here on: "3 of 40: ".
  void set_place(std::string place) { place_ = std::move(place); }
  // A step of the work; the one before it has ended.
  void begin(const std::string& what, std::uint64_t total = 0);
  // Told of the bytes of this step; lives no longer than this. Empty where nothing is shown.
  [[nodiscard]] archive::counter counter();

 private:
  using clock = std::chrono::steady_clock;

  void advance(std::uint64_t bytes);
  void draw(clock::time_point now);

  const bool is_shown_;
  std::string place_;
  std::string what_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  clock::time_point started_{};
  clock::time_point next_{};
  bool has_drawn_ = false;
};

}  // namespace heberg::ctl
