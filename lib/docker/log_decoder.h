// SPDX-License-Identifier: LGPL-2.1-or-later
// The engine's answer to GET /containers/ID/logs?timestamps=1, taken apart. Pure: bytes in, pieces out, split anywhere.
//
//   without a TTY   frames of [stream 1 or 2, 0, 0, 0, length as 4 bytes big endian] and "STAMP TEXT"; stream 3 is the
//                   engine's own error message
//   with a TTY      "STAMP TEXT\r\n" bare, all of it standard output, and a new STAMP after each 16384 bytes of a line
//
// STAMP is RFC 3339, always 30 characters, to the nanosecond. A line of more than 16384 bytes comes as several pieces
// with one stamp; the last has the newline. One stream's stamps increase.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace heberg::docker {

enum class log_stream : std::uint8_t { out = 0, error = 1 };

struct log_piece {
  log_stream stream = log_stream::out;
  std::int64_t stamp = 0;  // nanoseconds since the epoch; never 0
  std::string_view text;   // without its newline; only during the call
  bool ends_line = false;
};

class log_sink {
 public:
  virtual ~log_sink() = default;
  virtual bool take(const log_piece& piece) = 0;  // false: no more of this
};

class log_decoder {
 public:
  static constexpr std::size_t k_frame_max = 1 << 20;  // bytes; the engine's are 16 KB and a stamp
  static constexpr std::size_t k_tty_piece = 16384;

  explicit log_decoder(bool tty) : tty_(tty) {}

  enum class state {
    good,
    stopped,  // the sink wants no more
    broken,   // not the engine's format, or its own complaint: problem()
  };
  // Decodes in place; keeps what belongs to an incomplete frame, nothing else.
  state feed(std::string_view bytes, log_sink& sink);
  // The answer is at its end: what a TTY wrote without a newline is a piece, too.
  state finish(log_sink& sink);

  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  state feed_frames(std::string_view bytes, log_sink& sink);
  state feed_tty(std::string_view bytes, log_sink& sink);
  state take_frame(std::string_view frame, log_sink& sink);
  state give(log_stream stream, std::int64_t stamp, std::string_view text, bool ends_line, log_sink& sink);
  [[nodiscard]] std::int64_t parse_stamp(std::string_view stamp) noexcept;  // 0: none
  state fail(std::string problem);

  const bool tty_;
  std::string rest_;  // an incomplete frame, or an incomplete piece of a TTY
  std::string problem_;
  char last_second_[20] = {};  // "2026-11-24T17:17:53." of the last stamp: most have it in common with the next
  std::int64_t last_second_ns_ = 0;
};

}  // namespace heberg::docker
