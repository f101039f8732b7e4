// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/settings_value.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace std::chrono_literals;

TEST_CASE("a duration is digits and a unit") {
  const struct {
    std::string_view text;
    std::optional<std::chrono::milliseconds> duration;
  } rows[] = {
      {"100ms", 100ms},
      {"5s", 5s},
      {"2m", 2min},
      {"12h", 12h},
      {"1d", 24h},
      {"0s", 0ms},
      {"", std::nullopt},
      {"5", std::nullopt},
      {"s", {}},
      {"-5s", {}},
      {"+5s", {}},
      {" 5s", {}},
      {"5 s", {}},
      {"5s ", {}},
      {"1.5s", {}},
      {"5S", {}},
      {"5sec", {}},
      {"99999999999999999999s", {}},
      {"9223372036854775807s", {}},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(parse_duration(row.text) == row.duration);
  }
}

TEST_CASE("a size is digits and a unit: nginx's letters count by 1024, the SI's by 1000") {
  const struct {
    std::string_view text;
    std::optional<std::uint64_t> size;
  } rows[] = {
      {"0", 0},
      {"500", 500},
      {"500B", 500},
      {"10MB", 10'000'000},
      {"64m", 67'108'864},
      {"1GiB", 1 << 30},
      {"2k", 2048},
      {"3KiB", 3072},
      {"3kB", 3000},
      {"1G", 1 << 30},
      {"", {}},
      {"MB", {}},
      {"-1", {}},
      {"1.5m", {}},
      {"10 MB", {}},
      {"1TB", {}},
      {"18446744073709551615", 18446744073709551615U},
      {"18446744073709551615k", {}},
      {"99999999999999999999", {}},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(parse_size(row.text) == row.size);
  }
}

TEST_CASE("a path is absolute, climbs nowhere, and loses its needless slashes") {
  const struct {
    std::string_view text;
    std::optional<std::string> path;
  } rows[] = {
      {"/sites", "/sites"},
      {"/sites/", "/sites"},
      {"//a///b//", "/a/b"},
      {"/", "/"},
      {"///", "/"},
      {"/a/..b", "/a/..b"},
      {"", {}},
      {"sites", {}},
      {"./a", {}},
      {"/a/../b", {}},
      {"/a/.", {}},
      {"/..", {}},
      {"/a\nb", {}},
      {std::string_view("/a\0b", 4), {}},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(parse_path(row.text) == row.path);
  }
}

TEST_CASE("an engine is named by unix:// with an absolute path, or by tcp://") {
  for (const auto good : {"unix:///var/run/docker.sock", "tcp://127.0.0.1:2375", "tcp://[::1]:2375"})
    CHECK(is_engine_host(good));
  for (const auto bad :
       {"", "unix://", "unix:///", "unix://run/x", "tcp://", "http://x", "/var/run/docker.sock", "unix:///a\nb"}) {
    INFO(bad);
    CHECK_FALSE(is_engine_host(bad));
  }
}

TEST_CASE("a reload is a pid file, a container's name or a command") {
  for (const auto good : {"pid:/run/nginx.pid", "container:heberg-nginx", "command:nginx -s reload"})
    CHECK(is_reload(good));
  for (const auto bad : {"", "pid:", "pid:run/nginx.pid", "container:", "container:-x", "container:a/b",
                         "container:a b", "command:", "command:  ", "command:a\nb", "signal:HUP"}) {
    INFO(bad);
    CHECK_FALSE(is_reload(bad));
  }
}
