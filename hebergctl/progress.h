// SPDX-License-Identifier: LGPL-2.1-or-later
// The progress of long work, on one line of the terminal that is erased at the end. Nothing is shown with --json, where
// standard error is no terminal, or where the work takes a moment only.
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
  std::string_view what;    // "site_1: packing"; trusted text
  std::uint64_t done = 0;   // bytes
  std::uint64_t total = 0;  // 0: not known
  std::chrono::duration<double> elapsed{};
};

// A line of at most so many columns. Pure.
[[nodiscard]] std::string draw_progress(const progress_state& state, std::size_t columns);

// Whether standard error is a terminal, and --json was not given.
[[nodiscard]] bool wants_progress(const command& given);

class progress {
 public:
  explicit progress(const command& given);
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress();  // erases the line

  [[nodiscard]] bool is_shown() const noexcept { return is_shown_; }

  // A prefix of everything that is shown from here on: "3 of 40: ".
  void set_place(std::string place) { place_ = std::move(place); }
  // The next step of the work. total: bytes; 0: not known.
  void begin(const std::string& what, std::uint64_t total = 0);
  // Called with the bytes of this step. Must not outlive this object. Empty where nothing is shown.
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
