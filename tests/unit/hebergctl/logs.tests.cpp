// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/logs.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <fstream>

using heberg::ctl::log_tail;
using heberg::ctl::printable_line;
using heberg::test::temp_dir;
using heberg::test::write_file;
namespace fs = std::filesystem;

namespace {

struct tail_fixture {
  temp_dir dir;
  fs::path log = dir / "a/logs/access.log";
  std::string seen;

  tail_fixture() { fs::create_directories(dir / "a/logs"); }
  log_tail open() const { return {dir.path(), "a", "access.log"}; }
  log_tail::line_sink sink() {
    return [this](std::string_view line) { seen += "|" + std::string(line); };
  }
  std::string take() { return std::exchange(seen, {}); }
  std::string last(std::size_t lines) {
    open().print_last(lines, sink());
    return take();
  }
  void append(std::string_view text) const { std::ofstream(log, std::ios::app) << text; }
};

}  // namespace

TEST_CASE_METHOD(tail_fixture,
                 "the last lines are printed, all of them where there are fewer, the one without an end too") {
  write_file(log, "1\n2\n3\n");
  CHECK(last(2) == "|2\n|3\n");
  CHECK(last(3) == "|1\n|2\n|3\n");
  CHECK(last(10) == "|1\n|2\n|3\n");
  CHECK(last(0).empty());
  append("4");
  CHECK(last(2) == "|3\n|4");
  write_file(log, "");
  CHECK(last(2).empty());
}

TEST_CASE_METHOD(tail_fixture, "lines that are longer than one read are whole") {
  const std::string longer(200'000, 'x');
  write_file(log, "1\n" + longer + "\n" + longer + "\n3\n");
  CHECK(last(2) == "|" + longer + "\n|3\n");
  CHECK(last(4).starts_with("|1\n|x"));
}

TEST_CASE_METHOD(tail_fixture,
                 "what comes later is printed by whole lines, over a rotation, without loss or repetition") {
  write_file(log, "1\n");
  auto tail = open();
  tail.print_last(0, sink());
  CHECK_FALSE(tail.print_new(sink()));
  append("2\n3");
  CHECK(tail.print_new(sink()));
  CHECK(take() == "|2\n");
  append("3\n4\n");
  fs::rename(log, dir / "a/logs/access.log-1");
  std::ofstream(dir / "a/logs/access.log-1", std::ios::app) << "5\n";
  CHECK(tail.print_new(sink()));
  CHECK(take() == "|33\n|4\n|5\n");
  CHECK_FALSE(tail.print_new(sink()));
  write_file(log, "6\n");
  CHECK(tail.print_new(sink()));
  CHECK(take() == "|6\n");
  CHECK_FALSE(tail.print_new(sink()));
}

TEST_CASE_METHOD(tail_fixture, "a truncated log is read again, and a missing one is waited for") {
  auto tail = open();
  CHECK_FALSE(tail.exists());
  tail.print_last(10, sink());
  CHECK_FALSE(tail.print_new(sink()));
  write_file(log, "first\n");
  CHECK(tail.print_new(sink()));
  write_file(log, "2\n");
  CHECK(tail.print_new(sink()));
  CHECK(take() == "|first\n|2\n");
}

TEST_CASE_METHOD(tail_fixture, "only a regular file in the tree itself is read") {
  write_file(dir / "secret", "secret\n");
  SECTION("a link") {
    fs::create_symlink(dir / "secret", log);
  }
  SECTION("a link to nowhere") {
    fs::create_symlink("nowhere", log);
  }
  SECTION("a fifo, which must not hang anybody") {
    REQUIRE(::mkfifo(log.c_str(), 0666) == 0);
  }
  SECTION("a folder") {
    fs::create_directory(log);
  }
  SECTION("a link in the folder's place") {
    fs::remove(dir / "a/logs");
    fs::create_directory_symlink(dir.path(), dir / "a/logs");
  }
  CHECK_THROWS_AS(open(), std::system_error);
}

TEST_CASE("a terminal gets no control characters") {
  CHECK(printable_line("GET /\x1b]0;owned\x07 200\n") == "GET /\\x1b]0;owned\\x07 200\n");
  CHECK(printable_line("no end") == "no end\n");
}
