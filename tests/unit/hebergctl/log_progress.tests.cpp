// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/log_progress.h"

#include "log_positions/streams.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>

#include <filesystem>
#include <fstream>

using namespace heberg;
using namespace heberg::ctl;
using docker::log_stream;

namespace {

constexpr char k_early[] = "2026-11-27T20:00:00.000000001Z";
constexpr char k_late[] = "2026-11-27T20:00:09.000000002Z";

std::string frame(char stream, std::string_view stamp, std::string_view text) {
  const auto size = static_cast<char>(stamp.size() + 1 + text.size());
  return std::string{stream, 0, 0, 0, 0, 0, 0, size} + std::string(stamp) + " " + std::string(text);
}

constexpr std::int64_t k_stamp = 1'000'000'007;

// The container c of site a has both its streams up to k_stamp in files of ten bytes.
logs::log_positions make_known() {
  logs::log_positions known;
  for (const auto stream : logs::k_log_streams) {
    known.streams[{"c", stream}] = {.site = "a", .cursor = {k_stamp, 0}, .base = 0, .chunk_at = 0, .before = {}};
    known.files[{"a", stream}] = {.device = 1, .inode = 2, .size = 10, .safe_size = 0};
  }
  return known;
}

struct stat make_file(off_t size, ino_t inode = 2) {
  struct stat status {};
  status.st_dev = 1;
  status.st_ino = inode;
  status.st_size = size;
  return status;
}

}  // namespace

TEST_CASE("the engine's reply gives the last complete line of each stream") {
  const auto both = frame(1, k_early, "a\n") + frame(2, k_late, "b\n") + frame(1, k_late, "open");
  const auto last = find_last_lines(both, false);
  REQUIRE(last);
  CHECK((*last)[0] % 1'000'000'000 == 1);  // the line that is open does not count
  CHECK((*last)[1] - (*last)[0] == 9'000'000'001);
  CHECK(find_last_lines("", false) == last_stamps{});
  const auto tty = find_last_lines(std::string(k_late) + " words\r\n", true);
  REQUIRE(tty);
  CHECK((*tty)[0] % 1'000'000'000 == 2);
  CHECK_FALSE(find_last_lines(frame(1, std::string(30, 'x'), "no stamp"), false));
}

TEST_CASE("a line is written when its position is committed and the file has the size that belongs to it") {
  const auto known = make_known();
  const auto ask = [&](std::int64_t stamp, const char* container, const std::optional<struct stat>& file) {
    return is_written(stamp, container, log_stream::out, known, file);
  };
  CHECK(ask(k_stamp, "c", make_file(10)));
  CHECK(ask(k_stamp - 1, "c", make_file(10)));
  CHECK(ask(0, "unknown", std::nullopt));  // nothing was said
  CHECK_FALSE(ask(k_stamp + 1, "c", make_file(10)));
  CHECK_FALSE(ask(k_stamp, "unknown", make_file(10)));
  CHECK_FALSE(ask(k_stamp, "c", make_file(9)));  // committed, and being written
  CHECK(ask(k_stamp, "c", make_file(0, 3)));     // another file has the name: the first was rotated
  CHECK(ask(k_stamp, "c", std::nullopt));
}

TEST_CASE("positions that cannot be read are an error that names the file") {
  const test::temp_dir folder;
  test::write_file(folder / "logs.db", std::string(8192, 'x'));
  settings given;
  given.state_dir = folder.path().string();
  CHECK_THROWS_WITH(read_log_positions(given), Catch::Contains("logs.db"));
}

TEST_CASE("positions are read while another process writes them, and files are found below the root") {
  const test::temp_dir folder;
  settings given;
  given.state_dir = folder.path().string();
  CHECK(read_log_positions(given).streams.empty());  // no such file yet

  const auto logs = (folder / "sites/a/logs").string();
  std::filesystem::create_directories(logs);
  std::ofstream(logs + "/access.log") << "0123456789";
  struct stat status {};
  REQUIRE(::stat((logs + "/access.log").c_str(), &status) == 0);
  logs::positions writer((folder / "logs.db").string(), "boot");
  writer.write({.files = {{{"a", log_stream::out}, {status.st_dev, status.st_ino, 10, 0}, true}},
                .streams = {{{"c", log_stream::out}, {.site = "a", .cursor = {k_stamp, 0}, .before = {}}}},
                .forgotten = {}});
  const auto known = read_log_positions(given);
  const unique_fd root(::open((folder / "sites").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  CHECK(are_written({k_stamp, 0}, "c", "a", root.get(), known) == std::array{true, true});
  CHECK(are_written({k_stamp, 1}, "c", "a", root.get(), known) == std::array{true, false});
  std::filesystem::resize_file(logs + "/access.log", 9);
  CHECK(are_written({k_stamp, 0}, "c", "a", root.get(), known) == std::array{false, true});
}
