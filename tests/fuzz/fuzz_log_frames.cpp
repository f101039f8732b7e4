// SPDX-License-Identifier: LGPL-2.1-or-later
// The engine's log answers: the first byte chooses the format and where the rest is cut in two. However it is cut, the
// pieces are the same; the joiner gives whole lines, each with one newline, and its cursor never goes back.
#include "docker/log_decoder.h"
#include "syncd/logs/log_source.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

namespace {

using namespace heberg;

void require(bool holds) {
  if (!holds) std::abort();
}

struct sink final : docker::log_sink {
  bool take(const docker::log_piece& piece) override {
    require(piece.stamp != 0);
    pieces.emplace_back(piece.stream, piece.stamp, std::string(piece.text), piece.ends_line);
    return true;
  }
  std::vector<std::tuple<docker::log_stream, std::int64_t, std::string, bool>> pieces;
};

sink decode(bool tty, std::string_view bytes, std::size_t cut) {
  docker::log_decoder decoder(tty);
  sink out;
  if (decoder.feed(bytes.substr(0, cut), out) != docker::log_decoder::state::good) return out;
  if (decoder.feed(bytes.substr(cut), out) != docker::log_decoder::state::good) return out;
  static_cast<void>(decoder.finish(out));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool tty = (data[0] & 1) != 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = decode(tty, bytes, bytes.size());
  require(whole.pieces == decode(tty, bytes, std::min<std::size_t>(data[0] / 2, bytes.size())).pieces);

  syncd::log_source source;
  source.begin_answer();
  for (const auto& [stream, stamp, text, ends_line] : whole.pieces) {
    auto& s = source.streams[logs::index_of(stream)];
    const auto before = s.joiner.cursor().stamp;
    const auto lines = std::ranges::count(s.ready, '\n');
    const auto result = source.take({stream, stamp, text, ends_line});
    require(s.joiner.cursor().stamp >= before);
    require(source.base(stream) <= s.joiner.cursor().stamp);
    require(std::ranges::count(s.ready, '\n') == lines + (result == syncd::join_result::line ? 1 : 0));
    require(s.ready.empty() || s.ready.ends_with('\n'));
  }
  source.end_lines();
  source.end_answer();
  return 0;
}
