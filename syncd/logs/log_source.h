// SPDX-License-Identifier: LGPL-2.1-or-later
// What is taken from one container and not yet in its site's files: between the follower, which reads, and the store,
// which writes.
#pragma once

#include "docker/log_decoder.h"
#include "log_positions/streams.h"
#include "syncd/logs/line_joiner.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace heberg::syncd {

struct source_stream {
  line_joiner joiner;
  std::string ready;         // whole lines, in order, up to the joiner's cursor
  std::string writing;       // whole lines whose place in the file is settled (positions.h); written from `written` on
  std::size_t written = 0;   // bytes
  std::int64_t at = 0;       // where `writing` begins in the file
  logs::log_cursor before;   // the cursor before `writing`
  logs::log_cursor settled;  // the cursor behind it
  // The last piece of each stream before this one's open line. What an answer must reach back to, to have all of it.
  std::optional<std::array<std::int64_t, 2>> opened_at;
};

struct log_source {
  std::string id;
  std::string site;
  std::uint32_t group = 0;  // the site's
  std::array<source_stream, 2> streams;
  // What base() said when it was last written, until the lines that were open then are whole.
  std::optional<std::array<std::int64_t, 2>> restored_base;
  std::array<std::int64_t, 2> seen{};  // stamps of the last pieces of this answer, in the engine's order

  [[nodiscard]] std::size_t held() const noexcept {
    std::size_t bytes = 0;
    for (const auto& s : streams) bytes += s.ready.size() + s.writing.size() - s.written;
    return bytes;
  }
  [[nodiscard]] bool is_empty() const noexcept { return held() == 0; }

  // A piece at or before this stamp was in the engine's log before everything that was not taken yet.
  [[nodiscard]] std::int64_t base(docker::log_stream stream) const noexcept {
    auto stamp = streams[logs::index_of(stream)].joiner.cursor().stamp;
    for (const auto& s : streams) {
      if (s.opened_at) stamp = std::min(stamp, (*s.opened_at)[logs::index_of(stream)]);
    }
    if (restored_base) stamp = std::min(stamp, (*restored_base)[logs::index_of(stream)]);
    return stamp;
  }

  // An answer begins: its first piece may be any that the engine has.
  void begin_answer() { seen = {}; }
  // It has ended, and was whole: everything up to its end is taken, but for lines that are open.
  void end_answer() {
    restored_base.reset();
    drop_open();
  }

  join_result take(const docker::log_piece& piece) {
    auto& s = streams[logs::index_of(piece.stream)];
    const auto result = s.joiner.take(piece.stamp, piece.text, piece.ends_line, s.ready);
    if (result == join_result::open) {
      if (!s.opened_at) s.opened_at = seen;
    } else if (result != join_result::known) {
      s.opened_at.reset();
    }
    seen[logs::index_of(piece.stream)] = piece.stamp;
    return result;
  }

  // The container has ended: nothing will be added to its open lines.
  void end_lines() {
    for (auto& s : streams) {
      if (s.joiner.end_line(s.ready) != join_result::known) s.opened_at.reset();
    }
  }
  void drop_open() {
    for (auto& s : streams) s.joiner.drop_open();
  }
};

}  // namespace heberg::syncd
