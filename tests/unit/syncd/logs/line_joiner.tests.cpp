// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/line_joiner.h"

#include "syncd/logs/log_source.h"

#include <catch2/catch.hpp>

using namespace heberg;
using syncd::join_result;
using syncd::line_joiner;

TEST_CASE("a line is taken once: what is at or before the cursor is known") {
  line_joiner joiner;
  std::string out;
  CHECK(joiner.take(5, "a", true, out) == join_result::line);
  CHECK(joiner.take(5, "a", true, out) == join_result::known);
  CHECK(joiner.take(4, "older", true, out) == join_result::known);
  CHECK(joiner.take(6, "", true, out) == join_result::line);
  CHECK(out == "a\n\n");
  CHECK(joiner.cursor() == logs::log_cursor{6, 0});
}

TEST_CASE("pieces are joined up to the newline, also where the engine began anew in mid-line") {
  line_joiner joiner;
  std::string out;
  CHECK(joiner.take(5, "one ", false, out) == join_result::open);
  CHECK(joiner.take(5, "two ", false, out) == join_result::open);
  CHECK(joiner.cursor().stamp == 0);
  CHECK(joiner.take(9, "three", true, out) == join_result::line);
  CHECK(out == "one two three\n");
  CHECK(joiner.cursor().stamp == 9);
}

TEST_CASE("an open line that is dropped comes again") {
  line_joiner joiner;
  std::string out;
  CHECK(joiner.take(5, "half", false, out) == join_result::open);
  joiner.drop_open();
  CHECK_FALSE(joiner.is_open());
  CHECK(joiner.take(5, "half", false, out) == join_result::open);
  CHECK(joiner.take(5, " whole", true, out) == join_result::line);
  CHECK(out == "half whole\n");
}

TEST_CASE("a line without end is cut at 1 MiB, and the mark says how much is left out") {
  line_joiner joiner;
  std::string out;
  const std::string piece(line_joiner::k_line_max - 1, 'x');
  CHECK(joiner.take(5, piece, false, out) == join_result::open);
  CHECK(joiner.take(5, "yzz", false, out) == join_result::open);
  CHECK(joiner.take(5, "zz", true, out) == join_result::line);
  CHECK(out == piece + "y [heberg: 4 bytes left out]\n");
  out.clear();
  CHECK(joiner.take(6, std::string(line_joiner::k_line_max, 'x'), true, out) == join_result::line);
  CHECK(out.size() == line_joiner::k_line_max + 1);
}

TEST_CASE("lines that recovery found in the file are passed over, and counted down") {
  line_joiner joiner({5, 2});
  std::string out;
  CHECK(joiner.take(5, "before", true, out) == join_result::known);
  CHECK(joiner.take(6, "in ", false, out) == join_result::open);
  CHECK(joiner.take(6, "the file", true, out) == join_result::skipped);
  CHECK(joiner.cursor() == logs::log_cursor{6, 1});
  CHECK(joiner.take(7, "too", true, out) == join_result::skipped);
  CHECK(joiner.take(8, "new", true, out) == join_result::line);
  CHECK(out == "new\n");
}

TEST_CASE("an open line is whole when nothing more can come") {
  line_joiner joiner;
  std::string out;
  CHECK(joiner.end_line(out) == join_result::known);
  CHECK(joiner.take(5, "password: ", false, out) == join_result::open);
  CHECK(joiner.end_line(out) == join_result::line);
  CHECK(out == "password: \n");
  CHECK(joiner.cursor().stamp == 5);
}

TEST_CASE("a newline within a piece, as some log drivers give it, makes no second line") {
  line_joiner joiner;
  std::string out;
  CHECK(joiner.take(5, "a\nb", true, out) == join_result::line);
  CHECK(out == "a b\n");
}

TEST_CASE("an answer must reach back before every line that is open") {
  using docker::log_stream;
  syncd::log_source source;
  source.begin_answer();
  source.take({log_stream::out, 10, "o", true});
  source.take({log_stream::error, 11, "e", true});
  CHECK(source.base(log_stream::out) == 10);
  source.take({log_stream::out, 12, "open", false});
  source.take({log_stream::error, 13, "e", true});
  // An answer that began with the piece of 13, which is known, would lack the one of 12.
  CHECK(source.base(log_stream::error) == 11);
  CHECK(source.base(log_stream::out) == 10);
  source.end_answer();
  CHECK(source.base(log_stream::error) == 11);

  source.begin_answer();
  source.take({log_stream::error, 11, "e", true});
  source.take({log_stream::out, 12, "open", false});
  source.take({log_stream::error, 13, "e", true});
  source.take({log_stream::out, 12, " line", true});
  CHECK(source.base(log_stream::error) == 13);
  CHECK(source.base(log_stream::out) == 12);
  CHECK(source.streams[0].ready == "o\nopen line\n");
  CHECK(source.streams[1].ready == "e\ne\n");
}
