// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/kept_lines.h"

#include <catch2/catch.hpp>

using namespace heberg;
using syncd::kept_lines;
using take_result = syncd::kept_lines::take_result;
using docker::log_stream;

namespace {

struct kept_fixture {
  syncd::log_source source;
  kept_lines kept;

  take_result receive(std::int64_t stamp, const char* text, bool ends_line = true,
                      log_stream stream = log_stream::out) {
    return kept.take({stream, stamp, text, ends_line}, source);
  }
  void fetch(std::int64_t stamp, const char* text, log_stream stream = log_stream::out) {
    source.take({stream, stamp, text, true});
  }
  const std::string& ready(log_stream stream = log_stream::out) { return source.streams[logs::index_of(stream)].ready; }
};

}  // namespace

TEST_CASE_METHOD(kept_fixture, "a line is kept once, and counted with its newline") {
  CHECK(receive(5, "one") == take_result::line);
  CHECK(receive(5, "one") == take_result::known);
  CHECK(receive(4, "older") == take_result::known);
  CHECK(kept.bytes() == 4);
}

TEST_CASE_METHOD(kept_fixture, "what was fetched already is not kept") {
  fetch(5, "one");
  kept.reset(source);
  CHECK(receive(5, "one") == take_result::known);
  fetch(6, "two");  // since the stream began
  CHECK(receive(6, "two") == take_result::known);
  CHECK(receive(6, "two", true, log_stream::error) == take_result::line);  // of the other stream
  CHECK(receive(7, "three") == take_result::line);
}

TEST_CASE_METHOD(kept_fixture, "a line is kept once it is whole") {
  CHECK(receive(5, "one ", false) == take_result::part);
  CHECK(kept.bytes() == 0);
  CHECK(receive(6, "and all") == take_result::line);
  kept.move_to(source, 100);
  CHECK(ready() == "one and all\n");
}

TEST_CASE_METHOD(kept_fixture, "a line that the file has already is new, but not kept") {
  source.streams[0].joiner = syncd::line_joiner({.stamp = 5, .skip = 1});
  kept.reset(source);
  CHECK(receive(6, "in the file") == take_result::part);
  CHECK(receive(7, "new") == take_result::line);
  CHECK(kept.bytes() == 4);
}

TEST_CASE_METHOD(kept_fixture, "lines that a fetch has brought are dropped, the others stay in order") {
  receive(1, "out 1");
  receive(2, "err 2", true, log_stream::error);
  receive(3, "out 3");
  fetch(1, "out 1");
  kept.drop_fetched(source);
  CHECK(kept.bytes() == 12);
  kept.move_to(source, 100);
  CHECK(ready() == "out 1\nout 3\n");
  CHECK(ready(log_stream::error) == "err 2\n");
  CHECK(kept.bytes() == 0);
}

TEST_CASE_METHOD(kept_fixture, "the oldest lines are dropped where there are too many") {
  for (int i = 1; i <= 4; ++i) receive(i, "abc");
  kept.trim(9);
  CHECK(kept.bytes() == 8);
  kept.trim(3);
  CHECK(kept.bytes() == 0);
}

TEST_CASE_METHOD(kept_fixture, "lines move into the source while it holds less than the limit") {
  for (int i = 1; i <= 4; ++i) receive(i, "abc");
  kept.move_to(source, 5);
  CHECK(ready() == "abc\nabc\n");
  CHECK(kept.bytes() == 8);
  kept.move_to(source, 5);
  CHECK(ready() == "abc\nabc\n");
}

TEST_CASE_METHOD(kept_fixture, "what the stream has left open is a line at the end") {
  receive(1, "one");
  receive(2, "half", false);
  kept.move_to(source, 100);
  kept.move_open_to(source);
  CHECK(ready() == "one\nhalf\n");
}

TEST_CASE_METHOD(kept_fixture, "a new stream begins with nothing kept") {
  receive(1, "one");
  receive(2, "half", false);
  kept.reset(source);
  CHECK(kept.bytes() == 0);
  CHECK(receive(1, "one") == take_result::line);
  CHECK(receive(2, "whole") == take_result::line);
  kept.move_to(source, 100);
  CHECK(ready() == "one\nwhole\n");
}
