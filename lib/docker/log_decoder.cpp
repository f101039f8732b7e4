// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/log_decoder.h"

#include "docker/parse_time.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace heberg::docker {
namespace {

constexpr std::size_t k_head = 8;
constexpr std::size_t k_stamp = 30;
constexpr std::size_t k_second = 20;  // up to the point
constexpr std::size_t k_message_max = 300;

std::size_t body_size(std::string_view head) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(head[i])); };
  return at(4) << 24 | at(5) << 16 | at(6) << 8 | at(7);
}

}  // namespace

log_decoder::state log_decoder::feed(std::string_view bytes, log_sink& sink) {
  return tty_ ? feed_tty(bytes, sink) : feed_frames(bytes, sink);
}

log_decoder::state log_decoder::finish(log_sink& sink) {
  if (rest_.empty()) return state::good;
  const auto rest = std::exchange(rest_, {});
  if (!tty_) return fail("the answer ends within a frame");
  if (rest.size() <= k_stamp) return fail("the answer ends within a stamp");
  const auto stamp = parse_stamp(rest);
  if (stamp == 0) return fail("a line without a stamp");
  return give(log_stream::out, stamp, std::string_view(rest).substr(k_stamp + 1), false, sink);
}

log_decoder::state log_decoder::feed_frames(std::string_view bytes, log_sink& sink) {
  const auto move_to_rest = [&](std::size_t wanted) {
    const auto more = std::min(wanted - rest_.size(), bytes.size());
    rest_.append(bytes.substr(0, more));
    bytes.remove_prefix(more);
    return rest_.size() == wanted;
  };
  while (!bytes.empty()) {
    // Whole frames straight out of the caller's buffer; only one that is cut goes through rest_.
    const bool direct = rest_.empty() && bytes.size() >= k_head;
    if (!direct && rest_.size() < k_head && !move_to_rest(k_head)) return state::good;
    const auto size = k_head + body_size(direct ? bytes : std::string_view(rest_));
    if (size > k_head + k_frame_max) return fail("a frame of " + std::to_string(size) + " bytes");
    auto result = state::good;
    if (direct && bytes.size() >= size) {
      result = take_frame(bytes.substr(0, size), sink);
      bytes.remove_prefix(size);
    } else {
      if (rest_.size() < size && !move_to_rest(size)) return state::good;
      result = take_frame(rest_, sink);
      std::string().swap(rest_);  // not clear(): a quiet container keeps no memory
    }
    if (result != state::good) return result;
  }
  return state::good;
}

log_decoder::state log_decoder::take_frame(std::string_view frame, log_sink& sink) {
  const auto stream = static_cast<unsigned char>(frame[0]);
  const auto body = frame.substr(k_head);
  if (stream == 3) return fail("the engine reports: " + std::string(body.substr(0, k_message_max)));
  if (stream != 1 && stream != 2) return fail("a frame of stream " + std::to_string(stream));
  if (body.size() <= k_stamp || body[k_stamp] != ' ') return fail("a line without a stamp");
  const auto stamp = parse_stamp(body);
  if (stamp == 0) return fail("a line without a stamp");
  auto text = body.substr(k_stamp + 1);
  const bool ends_line = text.ends_with('\n');
  if (ends_line) text.remove_suffix(1);
  return give(stream == 1 ? log_stream::out : log_stream::error, stamp, text, ends_line, sink);
}

log_decoder::state log_decoder::feed_tty(std::string_view bytes, log_sink& sink) {
  constexpr auto k_piece_max = k_stamp + 1 + k_tty_piece;
  while (!bytes.empty()) {
    const auto room = k_piece_max - rest_.size();
    const auto newline = bytes.substr(0, room).find('\n');
    const auto size = std::min({room, bytes.size(), newline});
    const bool ends_line = newline != std::string_view::npos;
    std::string_view piece = bytes.substr(0, size);
    if (!rest_.empty() || (!ends_line && size < room)) {
      rest_.append(piece);
      piece = rest_;
    }
    bytes.remove_prefix(size + (ends_line ? 1 : 0));
    if (!ends_line && piece.size() < k_piece_max) return state::good;
    if (piece.size() <= k_stamp || piece[k_stamp] != ' ') return fail("a line without a stamp");
    const auto stamp = parse_stamp(piece);
    if (stamp == 0) return fail("a line without a stamp");
    auto text = piece.substr(k_stamp + 1);
    if (ends_line && text.ends_with('\r')) text.remove_suffix(1);
    const auto result = give(log_stream::out, stamp, text, ends_line, sink);
    if (!rest_.empty()) std::string().swap(rest_);
    if (result != state::good) return result;
  }
  return state::good;
}

log_decoder::state log_decoder::give(log_stream stream, std::int64_t stamp, std::string_view text, bool ends_line,
                                     log_sink& sink) {
  return sink.take({stream, stamp, text, ends_line}) ? state::good : state::stopped;
}

std::int64_t log_decoder::parse_stamp(std::string_view stamp) noexcept {
  const auto parse_all = [&]() -> std::int64_t {
    return parse_time(stamp.substr(0, k_stamp)).time_since_epoch().count();
  };
  if (stamp[k_second - 1] != '.' || stamp[k_stamp - 1] != 'Z') return parse_all();
  std::int64_t fraction = 0;
  for (std::size_t i = k_second; i < k_stamp - 1; ++i) {
    if (stamp[i] < '0' || stamp[i] > '9') return 0;
    fraction = fraction * 10 + (stamp[i] - '0');
  }
  if (std::memcmp(stamp.data(), last_second_, k_second) != 0) {
    const auto whole = parse_all();
    if (whole == 0) return 0;
    std::memcpy(last_second_, stamp.data(), k_second);
    last_second_ns_ = whole - fraction;
  }
  return last_second_ns_ + fraction;
}

log_decoder::state log_decoder::fail(std::string problem) {
  problem_ = std::move(problem);
  std::string().swap(rest_);
  return state::broken;
}

}  // namespace heberg::docker
