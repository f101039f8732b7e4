// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/log_decoder.h"

#include "docker/log_reader.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace heberg;
using docker::log_decoder;
using docker::log_stream;

namespace {

struct kept {
  log_stream stream;
  std::int64_t stamp;
  std::string text;
  bool ends_line;
  bool operator==(const kept&) const = default;
};

struct collecting_sink final : docker::log_sink {
  bool take(const docker::log_piece& p) override {
    pieces.push_back({p.stream, p.stamp, std::string(p.text), p.ends_line});
    return pieces.size() < most;
  }
  std::vector<kept> pieces;
  std::size_t most = 1'000'000;
};

constexpr std::int64_t k_second = 1'795'540'673'000'000'000;  // 2026-11-24T17:17:53Z
constexpr char k_stamp_1[] = "2026-11-24T17:17:53.000000001Z ";
constexpr char k_stamp_2[] = "2026-11-24T17:17:53.900000002Z ";

std::string frame(char stream, const std::string& body) {
  std::string head{stream, 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8) head += static_cast<char>(body.size() >> shift & 0xff);
  return head + body;
}

const std::string k_frames = frame(1, k_stamp_1 + std::string("first\n")) + frame(2, k_stamp_2 + std::string("\n")) +
                             frame(1, k_stamp_2 + std::string(300, 'x')) + frame(1, k_stamp_2 + std::string("end\n"));
const std::vector<kept> k_expected = {{log_stream::out, k_second + 1, "first", true},
                                      {log_stream::error, k_second + 900'000'002, "", true},
                                      {log_stream::out, k_second + 900'000'002, std::string(300, 'x'), false},
                                      {log_stream::out, k_second + 900'000'002, "end", true}};

}  // namespace

TEST_CASE("frames are pieces, wherever the bytes are cut") {
  for (std::size_t at = 0; at <= k_frames.size(); ++at) {
    log_decoder decoder(false);
    collecting_sink out;
    REQUIRE(decoder.feed(std::string_view(k_frames).substr(0, at), out) == log_decoder::state::good);
    REQUIRE(decoder.feed(std::string_view(k_frames).substr(at), out) == log_decoder::state::good);
    REQUIRE(decoder.finish(out) == log_decoder::state::good);
    REQUIRE(out.pieces == k_expected);
  }
}

TEST_CASE("frames are pieces when the bytes come one by one") {
  log_decoder decoder(false);
  collecting_sink out;
  for (const char c : k_frames) REQUIRE(decoder.feed({&c, 1}, out) == log_decoder::state::good);
  CHECK(out.pieces == k_expected);
}

TEST_CASE("a TTY's lines are pieces of standard output, without the carriage return, wherever they are cut") {
  const std::string bytes = k_stamp_1 + std::string("one\r\n") + k_stamp_2 + "\r\n";
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    log_decoder decoder(true);
    collecting_sink out;
    REQUIRE(decoder.feed(std::string_view(bytes).substr(0, at), out) == log_decoder::state::good);
    REQUIRE(decoder.feed(std::string_view(bytes).substr(at), out) == log_decoder::state::good);
    REQUIRE(out.pieces == std::vector<kept>{{log_stream::out, k_second + 1, "one", true},
                                            {log_stream::out, k_second + 900'000'002, "", true}});
  }
}

TEST_CASE("a TTY's long line has a stamp after each 16384 bytes, and each part is a piece") {
  const std::string bytes = k_stamp_1 + std::string(16384, 'a') + k_stamp_1 + "bc\r\n";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{16384}, bytes.size()}) {
    INFO(step);
    log_decoder decoder(true);
    collecting_sink out;
    for (std::size_t at = 0; at < bytes.size(); at += step)
      REQUIRE(decoder.feed(std::string_view(bytes).substr(at, step), out) == log_decoder::state::good);
    REQUIRE(out.pieces.size() == 2);
    CHECK(out.pieces[0] == kept{log_stream::out, k_second + 1, std::string(16384, 'a'), false});
    CHECK(out.pieces[1] == kept{log_stream::out, k_second + 1, "bc", true});
  }
}

TEST_CASE("what a TTY wrote last without a newline is a piece at the end") {
  log_decoder decoder(true);
  collecting_sink out;
  REQUIRE(decoder.feed(k_stamp_1 + std::string("password: "), out) == log_decoder::state::good);
  CHECK(out.pieces.empty());
  REQUIRE(decoder.finish(out) == log_decoder::state::good);
  CHECK(out.pieces == std::vector<kept>{{log_stream::out, k_second + 1, "password: ", false}});
}

TEST_CASE("what is not the engine's format is refused, with the reason") {
  const struct {
    std::string bytes, problem;
  } rows[] = {
      {frame(4, k_stamp_1 + std::string("x\n")), "a frame of stream 4"},
      {frame(1, "no stamp at all, but long enough\n"), "a line without a stamp"},
      {frame(1, ""), "a line without a stamp"},
      {frame(1, "2026-11-24T17:17:5x.000000001Z x\n"), "a line without a stamp"},
      {frame(1, "2026-11-24T17:17:53.00000000xZ x\n"), "a line without a stamp"},
      {frame(3, "error from daemon\n"), "the engine reports: error from daemon\n"},
      {std::string("\1\0\0\0\x7f\0\0\0", 8), "a frame of 2130706440 bytes"},
  };
  for (const auto& row : rows) {
    INFO(row.problem);
    log_decoder decoder(false);
    collecting_sink out;
    CHECK(decoder.feed(row.bytes, out) == log_decoder::state::broken);
    CHECK(decoder.problem() == row.problem);
    CHECK(out.pieces.empty());
  }
}

TEST_CASE("an answer that ends within a frame is broken") {
  log_decoder decoder(false);
  collecting_sink out;
  REQUIRE(decoder.feed(std::string_view(k_frames).substr(0, 12), out) == log_decoder::state::good);
  CHECK(decoder.finish(out) == log_decoder::state::broken);
}

TEST_CASE("a sink that has enough is given no more") {
  log_decoder decoder(false);
  collecting_sink out;
  out.most = 2;
  CHECK(decoder.feed(k_frames, out) == log_decoder::state::stopped);
  CHECK(out.pieces.size() == 2);
}

TEST_CASE("a request names what is asked for") {
  CHECK(docker::log_target({.container = "abc"}) == "/containers/abc/logs?stdout=1&stderr=1&timestamps=1");
  CHECK(docker::log_target({.container = "abc", .follow = true, .tail = 1}) ==
        "/containers/abc/logs?stdout=1&stderr=1&timestamps=1&follow=1&tail=1");
  CHECK(docker::log_target({.container = "abc", .since = 1'000'000'005}) ==
        "/containers/abc/logs?stdout=1&stderr=1&timestamps=1&since=1.000000005");
}
