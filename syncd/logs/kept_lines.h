// SPDX-License-Identifier: LGPL-2.1-or-later
// What the wake-up stream of a container brought and no fetch yet, in order. When the engine has the container no more
// these are its final lines. Pure.
#pragma once

#include "docker/log_decoder.h"
#include "syncd/logs/line_joiner.h"
#include "syncd/logs/log_source.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace heberg::syncd {

class kept_lines {
 public:
  // A new wake-up stream begins, at what was fetched into the source.
  void reset(const log_source& fetched);

  enum class take_result {
    known,  // fetched already, or received before
    part,   // new, and its line is open; or a line that the file has already
    line,   // new, and its line is kept
  };
  take_result take(const docker::log_piece& piece, const log_source& fetched);

  void drop_fetched(const log_source& fetched);
  void trim(std::size_t bytes_max);  // drops the oldest

  void move_to(log_source& source, std::size_t held_max);  // the oldest first, while the source holds less than that
  void move_open_to(log_source& source);                   // what the stream has left open is a line

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct kept_line {
    docker::log_stream stream;
    std::int64_t stamp;
    std::string text;  // with its newline
  };

  void drop_oldest();

  std::array<line_joiner, 2> joiners_;
  std::deque<kept_line> lines_;
  std::size_t bytes_ = 0;  // of all texts
};

}  // namespace heberg::syncd
