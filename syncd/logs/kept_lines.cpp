// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/kept_lines.h"

#include <string_view>
#include <utility>

namespace heberg::syncd {
namespace {

std::int64_t fetched_until(const log_source& source, docker::log_stream stream) {
  return source.streams[logs::index_of(stream)].joiner.cursor().stamp;
}

}  // namespace

void kept_lines::reset(const log_source& fetched) {
  for (const auto stream : logs::k_log_streams) {
    const auto i = logs::index_of(stream);
    joiners_[i] = line_joiner(fetched.streams[i].joiner.cursor());
  }
  lines_.clear();
  bytes_ = 0;
}

kept_lines::take_result kept_lines::take(const docker::log_piece& piece, const log_source& fetched) {
  std::string line;
  const auto result = joiners_[logs::index_of(piece.stream)].take(piece.stamp, piece.text, piece.ends_line, line);
  if (result == join_result::known || piece.stamp <= fetched_until(fetched, piece.stream)) return take_result::known;
  if (result != join_result::line) return take_result::part;
  bytes_ += line.size();
  lines_.push_back({piece.stream, piece.stamp, std::move(line)});
  return take_result::line;
}

void kept_lines::drop_fetched(const log_source& fetched) {
  std::erase_if(lines_, [&](const kept_line& line) {
    const bool is_fetched = line.stamp <= fetched_until(fetched, line.stream);
    if (is_fetched) bytes_ -= line.text.size();
    return is_fetched;
  });
}

void kept_lines::trim(std::size_t bytes_max) {
  while (bytes_ > bytes_max) drop_oldest();
}

void kept_lines::move_to(log_source& source, std::size_t held_max) {
  for (; !lines_.empty() && source.held() < held_max; drop_oldest()) {
    const auto& line = lines_.front();
    source.take({line.stream, line.stamp, std::string_view(line.text).substr(0, line.text.size() - 1), true});
  }
}

void kept_lines::move_open_to(log_source& source) {
  for (const auto stream : logs::k_log_streams) {
    auto& joiner = joiners_[logs::index_of(stream)];
    std::string line;
    if (joiner.end_line(line) != join_result::line) continue;
    line.pop_back();
    source.take({stream, joiner.cursor().stamp, line, true});
  }
}

void kept_lines::drop_oldest() {
  bytes_ -= lines_.front().text.size();
  lines_.pop_front();
}

}  // namespace heberg::syncd
