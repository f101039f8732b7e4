// SPDX-License-Identifier: LGPL-2.1-or-later
// The small pure parts of lib/docker: endpoint, lines, times, calls.
#include "docker/api.h"
#include "docker/endpoint.h"
#include "docker/lines.h"
#include "docker/parse_time.h"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace heberg::docker;
using namespace std::chrono;

TEST_CASE("an engine's address is a unix socket or a TCP host and port") {
  CHECK(parse_endpoint("unix:///var/run/docker.sock") == endpoint(unix_endpoint{"/var/run/docker.sock"}));
  CHECK(parse_endpoint("tcp://127.0.0.1:2376") == endpoint(tcp_endpoint{"127.0.0.1", 2376}));
  CHECK(parse_endpoint("tcp://engine.example/") == endpoint(tcp_endpoint{"engine.example", 2375}));
  CHECK(parse_endpoint("tcp://[::1]:2376") == endpoint(tcp_endpoint{"::1", 2376}));
  CHECK(parse_endpoint("tcp://[::1]") == endpoint(tcp_endpoint{"::1", 2375}));
}

TEST_CASE("another kind of address is refused by its name") {
  for (const std::string bad : {"", "unix://", "unix:///", "unix://relative", "http://x", "ssh://x", "tcp://",
                                "tcp://:2375", "tcp://x:0", "tcp://x:65536", "tcp://x:", "tcp://x:y", "tcp://x:1:2",
                                "tcp://[::1", "tcp://[::1]2375", "tcp://u@x", "tcp://x/y", "/var/run/docker.sock"}) {
    INFO(bad);
    CHECK_THROWS_WITH(parse_endpoint(bad), Catch::StartsWith("engine \"" + bad + "\": "));
  }
  CHECK_THROWS_AS(parse_endpoint("unix:///" + std::string(108, 'x')), std::invalid_argument);
}

TEST_CASE("lines come out whole, however the bytes arrive") {
  const std::string text = "one\ntwo\r\n\nthree\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    line_cutter cutter(5);
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < text.size(); i += step) {
      const auto part = cutter.feed(std::string_view(text).substr(i, step));
      REQUIRE(part);
      lines.insert(lines.end(), part->begin(), part->end());
    }
    CHECK(lines == std::vector<std::string>{"one", "two", "three"});
  }
}

TEST_CASE("a line that is too long ends the reading, however its bytes arrive") {
  CHECK_FALSE(line_cutter(5).feed("12345\n123456\n"));
  CHECK_FALSE(line_cutter(5).feed("123456"));
  line_cutter cutter(5);
  CHECK(cutter.feed("123"));
  CHECK(cutter.feed("45"));
  CHECK_FALSE(cutter.feed("6"));
}

TEST_CASE("a time is read to the nanosecond") {
  const auto base = sys_days(year(2026) / 11 / 24) + 17h + 17min + 53s;
  CHECK(parse_time("2026-11-24T17:17:53Z") == base);
  CHECK(parse_time("2026-11-24T17:17:53.615500361Z") == base + 615500361ns);
  CHECK(parse_time("2026-11-24T17:17:53.5Z") == base + 500ms);
  CHECK(parse_time("2026-11-24T19:17:53.1234567891+02:00") == base + 123456789ns);
  CHECK(parse_time("2026-11-24T16:47:53-00:30") == base);
  CHECK(time_of(1'795'540'673) == base);
}

TEST_CASE("what is no time is the epoch") {
  for (const auto* bad : {"", "0001-01-01T00:00:00Z", "2200-01-01T00:00:00Z", "2026-13-01T00:00:00Z",
                          "2026-02-30T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T17:60:00Z", "2026-11-24T17:17:53",
                          "2026-11-24T17:17:53.Z", "2026-11-24T17:17:53Zx", "2026-11-24 17:17:53Z",
                          "2026-11-24T17:17:53+2:00", "2026-11-24T17:17:53+99:00", "x"}) {
    INFO(bad);
    CHECK(parse_time(bad) == engine_time{});
  }
  CHECK(time_of(~std::uint64_t{0}) == engine_time{});
}

TEST_CASE("the API version is the newest that both sides speak") {
  const struct {
    api_version newest, oldest;
    std::optional<api_version> agreed;
  } rows[] = {
      {{1, 41}, {1, 12}, api_version{1, 41}},  // Docker 20.10
      {{1, 60}, {1, 44}, k_api_newest},        // newer than we are
      {{1, 60}, {1, 48}, std::nullopt},        // too new
      {{1, 24}, {1, 12}, std::nullopt},        // too old
      {k_api_oldest, {0, 0}, k_api_oldest},   {{2, 0}, {2, 0}, std::nullopt},
  };
  for (const auto& row : rows) {
    INFO(to_string(row.newest));
    CHECK(negotiate({row.newest, row.oldest}).value == row.agreed);
  }
  CHECK(negotiate({{1, 24}, {1, 12}}).problem == "supports API 1.12 to 1.24, this program 1.25 to 1.47");
}

TEST_CASE("calls are made in the agreed version, and ask for stopped containers too") {
  CHECK(list_target({1, 41}) == "/v1.41/containers/json?all=true");
  CHECK(inspect_target({1, 41}, std::string(64, 'a')) == "/v1.41/containers/" + std::string(64, 'a') + "/json");
  const auto events = events_target({1, 41});
  CHECK_THAT(events, Catch::StartsWith("/v1.41/events?filters=%7B%22type%22%3A%5B%22container%22%2C%22network%22%5D"));
  CHECK(events.find_first_of("{}\"[], ") == std::string::npos);
}
