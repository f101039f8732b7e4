// SPDX-License-Identifier: LGPL-2.1-or-later
// One stream of one container: pieces in, whole lines out, each once. Pure.
//
// The cursor is the stamp of the last piece of the last whole line that was taken. A piece with a stamp at or before it
// is known and dropped. Pieces are joined up to the newline; a line without end is cut at 1 MiB, and the rest counted.
// A line that is still open is not the cursor's business: it is given up at the end of an answer, and read again in the
// next one.
#pragma once

#include "log_positions/cursor.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace heberg::syncd {

enum class join_result {
  known,    // dropped
  open,     // kept until its line is whole
  line,     // a line, with its newline, was appended to `out`
  skipped,  // a whole line that the file has already
};

class line_joiner {
 public:
  static constexpr std::size_t k_line_max = 1 << 20;  // bytes; the mark of a cut comes on top

  explicit line_joiner(logs::log_cursor cursor = {}) : cursor_(cursor) {}

  join_result take(std::int64_t stamp, std::string_view text, bool ends_line, std::string& out);

  // The container has ended: what it left without a newline is a line. join_result::known: nothing is open.
  join_result end_line(std::string& out);
  void drop_open();

  [[nodiscard]] const logs::log_cursor& cursor() const noexcept { return cursor_; }
  [[nodiscard]] bool is_open() const noexcept { return open_stamp_ != 0; }

 private:
  join_result close(std::int64_t stamp, std::string_view text, std::string& out);

  logs::log_cursor cursor_;
  std::int64_t open_stamp_ = 0;  // of the open line's last piece
  std::string open_;
  std::uint64_t cut_ = 0;  // bytes of it that are left out
};

}  // namespace heberg::syncd
