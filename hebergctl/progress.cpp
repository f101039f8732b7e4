// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace heberg::ctl {
namespace {

using namespace std::chrono_literals;

constexpr auto k_delay = 300ms;  // shorter work shows nothing
constexpr auto k_interval = 100ms;
constexpr std::size_t k_bar_max = 30;
constexpr std::size_t k_bar_min = 10;
constexpr std::size_t k_columns = 80;

std::string megabytes(double bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), bytes < 10e6 ? "%.1f" : "%.0f", bytes / 1e6);
  return text.data();
}

std::size_t columns_of_terminal() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : k_columns;
}

}  // namespace

std::string draw_progress(const progress_state& state, std::size_t columns) {
  const auto done = static_cast<double>(state.done);
  const auto total = static_cast<double>(std::max(state.done, state.total));  // a file may have grown
  std::string tail;
  std::string percent;
  if (state.total > 0) {
    percent = std::to_string(static_cast<int>(100 * done / total)) + " %";
    percent.insert(0, 5 - percent.size(), ' ');
    tail = megabytes(done) + " of " + megabytes(total) + " MB";
  } else if (state.done > 0) {
    tail = megabytes(done) + " MB";
  }
  if (state.done > 0 && state.elapsed > 1s) tail += ", " + megabytes(done / state.elapsed.count()) + " MB/s";

  std::string line(state.what);
  if (!percent.empty()) {
    line += "  " + percent;
    const std::size_t taken = line.size() + 2 + 2 + 2 + tail.size();
    if (const auto width = std::min(k_bar_max, columns > taken ? columns - taken : 0); width >= k_bar_min) {
      const auto full = static_cast<std::size_t>(static_cast<double>(width) * done / total);
      line += "  [" + std::string(full, '#') + std::string(width - full, '.') + "]";
    }
  }
  if (!tail.empty()) line += "  " + tail;
  if (line.size() > columns) line.resize(columns);
  return line;
}

bool wants_progress(const command& given) {
  return !given.json && ::isatty(STDERR_FILENO) == 1;
}

progress::progress(const command& given) : is_shown_(wants_progress(given)) {}

progress::~progress() {
  if (has_drawn_) std::fputs("\r\033[K", stderr);
}

void progress::begin(const std::string& what, std::uint64_t total) {
  if (!is_shown_) return;
  what_ = place_ + what;
  done_ = 0;
  total_ = total;
  started_ = clock::now();
  if (has_drawn_) {
    draw(started_);
  } else {
    next_ = started_ + k_delay;
  }
}

archive::counter progress::counter() {
  if (!is_shown_) return {};
  return [this](std::uint64_t bytes) { advance(bytes); };
}

void progress::advance(std::uint64_t bytes) {
  done_ += bytes;
  const auto now = clock::now();
  if (now >= next_) draw(now);
}

void progress::draw(clock::time_point now) {
  const auto line = draw_progress({.what = what_, .done = done_, .total = total_, .elapsed = now - started_},
                                  columns_of_terminal() - 1);  // in the last column a terminal may wrap
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
  has_drawn_ = true;
  next_ = now + k_interval;
}

}  // namespace heberg::ctl
