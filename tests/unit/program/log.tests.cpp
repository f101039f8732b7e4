// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/log.h"

#include "base/unique_fd.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

using namespace heberg;
using heberg::test::read_file;
using heberg::test::temp_dir;

namespace {

// What `write_lines` puts on stderr.
template <class function>
std::string capture_stderr(function write_lines) {
  const temp_dir folder;
  const auto path = folder / "stderr";
  const unique_fd saved(dup(STDERR_FILENO));
  {
    const unique_fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    dup2(file.get(), STDERR_FILENO);
  }
  write_lines();
  dup2(saved.get(), STDERR_FILENO);
  return read_file(path);
}

}  // namespace

TEST_CASE("no message can forge a line or drive a terminal") {
  const struct {
    std::string_view text, line;
  } rows[] = {
      {"site_1: account appears", "site_1: account appears"},
      {"a\nerror: b", "a\\x0aerror: b"},
      {"a\r\x1b[2J\x7f\t", "a\\x0d\\x1b[2J\\x7f\\x09"},
      {std::string_view("a\0b", 3), "a\\x00b"},
      {"h\xc3\xa9", "h\xc3\xa9"},  // é
      {"\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80"},
      {"\xc2\x9b", "\\xc2\\x9b"},                               // C1's CSI
      {"\x9b", "\\x9b"},                                        // the same as a bare byte
      {"\xc3", "\\xc3"},                                        // cut short
      {"\xc0\xaf \xe0\x80\xaf", "\\xc0\\xaf \\xe0\\x80\\xaf"},  // longer than need be
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},                      // a surrogate
      {"\xf4\x90\x80\x80\xff", "\\xf4\\x90\\x80\\x80\\xff"},
  };
  for (const auto& row : rows) {
    INFO(row.line);
    CHECK(escape_line(row.text) == row.line);
  }
}

TEST_CASE("a message without end is cut, and says so") {
  const auto line = escape_line(std::string(100'000, 'x'));
  CHECK(line.size() < 8100);
  CHECK_THAT(line, Catch::EndsWith(" [cut]"));
}

TEST_CASE("a line names its level, debug is silent until asked for") {
  const auto text = capture_stderr([] {
    log(level::error, "one");
    log(level::warning, "two");
    log(level::info, "three");
    log(level::debug, "four");
    set_log_level(level::debug);
    log(level::debug, "five");
    set_log_level(level::error);
    log(level::info, "six");
    set_log_level(level::info);
  });
  CHECK(text == "error: one\nwarning: two\ninfo: three\ndebug: five\n");
}
