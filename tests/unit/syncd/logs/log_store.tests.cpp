// SPDX-License-Identifier: LGPL-2.1-or-later
// Long because its cases share one folder of sites, and each way that a write can fail is one.
#include "syncd/logs/log_store.h"

#include "log_world.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <sstream>

using namespace heberg;
using namespace heberg::test;
using Catch::Contains;

namespace {

// A container's log: line i has stamp i + 1. What the engine would send of it, again and again.
struct engine_log {
  std::vector<std::string> lines;

  void add(std::string text) { lines.push_back(std::move(text)); }
  std::string text() const {
    std::string all;
    for (const auto& line : lines) all += line + "\n";
    return all;
  }
  // An exact answer, as much of it as `most` lines.
  void answer(syncd::log_source& to, std::size_t most = SIZE_MAX, log_stream stream = log_stream::out) const {
    to.begin_answer();
    for (std::size_t i = 0; i < std::min(most, lines.size()); ++i) {
      const auto stamp = static_cast<std::int64_t>(i + 1);
      const auto half = lines[i].size() / 2;
      if (half > 3) to.take({stream, stamp, std::string_view(lines[i]).substr(0, half), false});
      to.take({stream, stamp, std::string_view(lines[i]).substr(half > 3 ? half : 0), true});
    }
    to.end_answer();
  }
};

engine_log numbered(int count) {
  engine_log log;
  for (int i = 1; i <= count; ++i)
    log.add("line " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 7), 'x'));
  return log;
}

}  // namespace

TEST_CASE_METHOD(log_world, "lines go into the site's files, root's and the site's group's, 0640") {
  start();
  auto from = source();
  from.take({log_stream::out, 1, "hello", true});
  from.take({log_stream::error, 2, "oh", true});
  REQUIRE(flush(from));
  CHECK(read_file(log()) == "hello\n");
  CHECK(read_file(log("a", "error.log")) == "oh\n");
  CHECK(owners.of(log()) == tree::file_owner{0, 20000});
  CHECK((fs::status(log()).permissions() & fs::perms::mask) == static_cast<fs::perms>(0640));
}

TEST_CASE_METHOD(log_world, "a restart goes on where it stopped, whether or not it ended by itself") {
  start();
  const auto all = numbered(50);
  auto first = source();
  all.answer(first, 20);
  REQUIRE(flush(first));
  if (GENERATE(true, false)) store->finish();
  start();
  auto second = source();
  CHECK(second.streams[0].joiner.cursor().stamp == 20);
  all.answer(second);
  REQUIRE(flush(second));
  CHECK(read_file(log()) == all.text());
}

TEST_CASE_METHOD(log_world, "killed in the middle of a write, at any byte: every line once") {
  const auto all = numbered(12);
  std::string both;
  // What is there, however much of the last chunks was written before the end.
  for (std::size_t cut = 0; cut <= 200; ++cut) {
    log_world world;
    world.start();
    auto a = world.source("c1");
    auto b = world.source("c2");
    all.answer(a, 4);
    REQUIRE(world.flush(a));
    const auto before = fs::file_size(world.log());
    all.answer(a, 8);
    all.answer(b, 5);
    world.now += std::chrono::seconds(2);
    syncd::log_source* const sources[] = {&a, &b};
    REQUIRE_FALSE(world.store->flush(sources));
    const auto after = fs::file_size(world.log());
    if (before + cut > after) break;
    fs::resize_file(world.log(), before + cut);

    INFO("cut at " << cut);
    world.start();
    auto a2 = world.source("c1");
    auto b2 = world.source("c2");
    all.answer(a2);
    all.answer(b2);
    syncd::log_source* const again[] = {&a2, &b2};
    REQUIRE_FALSE(world.store->flush(again));
    // Each container's lines once and in order: two of the same text, so each line comes twice.
    std::map<std::string, int> times;
    std::istringstream text(read_file(world.log()));
    for (std::string line; std::getline(text, line);) ++times[line];
    REQUIRE(times.size() == all.lines.size());
    for (const auto& [line, count] : times) REQUIRE(count == 2);
  }
}

TEST_CASE_METHOD(log_world, "killed twice in the middle of writes, the second time before anything new was written") {
  start();
  const auto all = numbered(12);
  auto first = source();
  all.answer(first);
  REQUIRE(flush(first));
  fs::resize_file(log(), fs::file_size(log()) / 2);
  start();
  start();
  auto second = source();
  all.answer(second, 9);
  REQUIRE(flush(second));
  fs::resize_file(log(), fs::file_size(log()) - 3);
  start();
  auto third = source();
  all.answer(third);
  REQUIRE(flush(third));
  CHECK(read_file(log()) == all.text());
}

TEST_CASE_METHOD(log_world,
                 "after a power cut the file goes back to what is surely on the disk, and the cursor with it") {
  start();
  const auto all = numbered(30);
  auto first = source();
  all.answer(first, 10);
  REQUIRE(flush(first));
  store->make_safe();
  const auto safe = fs::file_size(log());
  all.answer(first, 20);
  REQUIRE(flush(first));
  // The machine's cache is lost: of the rest, length came to the disk, and bytes did not.
  const auto size = fs::file_size(log());
  fs::resize_file(log(), safe + 1);
  fs::resize_file(log(), size);
  boot = "boot-2";
  start();
  auto second = source();
  CHECK(second.streams[0].joiner.cursor().stamp == 10);
  all.answer(second);
  REQUIRE(flush(second));
  CHECK(read_file(log()) == all.text());
}

TEST_CASE_METHOD(log_world, "what others append stays, and our lines begin on a line of their own") {
  start();
  auto from = source();
  from.take({log_stream::out, 1, "ours", true});
  REQUIRE(flush(from));
  write_file(log(), "ours\ntheirs");
  from.take({log_stream::out, 2, "more", true});
  REQUIRE(flush(from));
  CHECK(read_file(log()) == "ours\ntheirs\nmore\n");
}

TEST_CASE_METHOD(log_world,
                 "a log that is rotated or cut short by others is gone on with, whatever its size, also after a kill") {
  start();
  const auto all = numbered(40);
  auto from = source();
  all.answer(from, 20);
  REQUIRE(flush(from));
  const bool renamed = GENERATE(true, false);
  if (renamed) {
    fs::rename(log(), log("a", "access.log-20200101-000000"));
  } else {
    fs::resize_file(log(), 0);
  }
  all.answer(from, 21);
  REQUIRE(flush(from));
  start();
  auto second = source();
  all.answer(second);
  REQUIRE(flush(second));
  if (renamed) CHECK(everything() == all.text());
  CHECK_THAT(read_file(log()), Contains("line 21") && Contains("line 40") && !Contains("line 20"));
}

TEST_CASE_METHOD(log_world, "killed between the renaming of a log and the next commit: every line once") {
  start();
  const auto all = numbered(40);
  auto from = source();
  all.answer(from, 20);
  REQUIRE(flush(from));
  fs::resize_file(log(), fs::file_size(log()) - 2);
  fs::rename(log(), log("a", "access.log-20200101-000000"));
  start();
  auto second = source();
  all.answer(second);
  REQUIRE(flush(second));
  CHECK(everything() == all.text());
}

TEST_CASE_METHOD(log_world,
                 "a log that is too large is rotated, with its owner and mode, and none of its lines is lost") {
  max_size = 100;
  start();
  const auto all = numbered(60);
  auto from = source();
  for (std::size_t i = 1; i <= all.lines.size(); ++i) {
    all.answer(from, i);
    REQUIRE(flush(from));
  }
  CHECK(everything() == all.text());
  int files = 0;
  for (const auto& entry : fs::directory_iterator(dir / "sites/a/logs")) {
    ++files;
    CHECK(owners.of(entry.path()) == tree::file_owner{0, 20000});
    CHECK((entry.status().permissions() & fs::perms::mask) == static_cast<fs::perms>(0640));
    CHECK(entry.file_size() < 120);
  }
  CHECK(files > 5);
}

TEST_CASE_METHOD(log_world, "on demand a log is rotated at once, an empty one is not") {
  start();
  auto from = source();
  from.take({log_stream::out, 1, "old", true});
  REQUIRE(flush(from));
  CHECK(store->rotate("a", 20000));
  CHECK(store->rotate("a", 20000));
  from.take({log_stream::out, 2, "new", true});
  REQUIRE(flush(from));
  CHECK(read_file(log()) == "new\n");
  CHECK(everything() == "old\nnew\n");
  start();
  auto second = source();
  CHECK(second.streams[0].joiner.cursor().stamp == 2);
}

TEST_CASE("each call to the disk fails in its turn, for a while or up to a kill: every line once") {
  const auto all = numbered(20);
  const int error = GENERATE(ENOSPC, EIO);
  const bool writes_some = GENERATE(true, false);
  const bool killed = GENERATE(true, false);
  int failures = 0;
  for (int nth = 1;; ++nth) {
    log_world world;
    world.max_size = 70;
    world.disk.error = error;
    world.disk.writes_some = writes_some;
    world.start();
    world.disk.fail_at = world.disk.calls + nth;
    std::optional<syncd::log_source> from = world.source();
    for (std::size_t i = 3; i <= all.lines.size() + 6; i += 3) {
      all.answer(*from, i);
      const bool failed_before = world.disk.has_failed;
      world.flush(*from);
      world.store->make_safe();
      if (killed && !failed_before && world.disk.has_failed) {
        world.start();
        from = world.source();
      }
    }
    INFO(std::strerror(error) << " at call " << nth);
    all.answer(*from);
    REQUIRE(world.flush(*from));
    REQUIRE(world.everything() == all.text());
    if (!world.disk.has_failed) break;
    ++failures;
  }
  CHECK(failures > 25);
}

TEST_CASE("any lines, any faults, any kills, two containers: every line once, each container's in order") {
  std::mt19937 random(20261124);
  const auto below = [&](unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(random); };
  for (int round = 0; round < 15; ++round) {
    INFO("round " << round);
    log_world world;
    world.max_size = 200 + below(2000);
    world.start();
    engine_log logs[2];
    std::vector<syncd::log_source> sources;
    const auto revive = [&] {
      sources.clear();
      sources.push_back(world.source("c0"));
      sources.push_back(world.source("c1"));
    };
    revive();
    for (int step = 0; step < 60; ++step) {
      for (int i = 0; i < 2; ++i) {
        for (auto n = below(4); n > 0; --n)
          logs[i].add(std::to_string(i) + " " + std::to_string(logs[i].lines.size()) + std::string(below(60), 'x'));
        logs[i].answer(sources[static_cast<std::size_t>(i)]);
      }
      if (below(4) == 0) {
        world.disk.fail_at = world.disk.calls + 1 + static_cast<int>(below(8));
        world.disk.writes_some = below(2) == 0;
      }
      world.now += std::chrono::seconds(2);
      syncd::log_source* const both[] = {&sources[0], &sources[1]};
      static_cast<void>(world.store->flush(both));
      if (below(3) == 0) world.store->make_safe();
      if (below(5) == 0) {
        world.disk.fail_at = 0;
        // In the middle of the last write, too.
        const auto size = fs::exists(world.log()) ? fs::file_size(world.log()) : 0;
        const auto position = world.positions->load().files[{"a", log_stream::out}];
        std::uint64_t chunks = 0;
        for (const auto& [key, stream] : world.positions->load().streams) {
          if (stream.chunk_size > 0 && stream.chunk_at + stream.chunk_size == position.size)
            chunks = static_cast<std::uint64_t>(stream.chunk_size);
        }
        if (chunks > 0 && size == static_cast<std::uint64_t>(position.size) && below(2) == 0)
          fs::resize_file(world.log(), size - below(static_cast<unsigned>(chunks)));
        world.start();
        revive();
      }
    }
    world.disk.fail_at = 0;
    for (int i = 0; i < 2; ++i) logs[i].answer(sources[static_cast<std::size_t>(i)]);
    for (int i = 0; i < 3; ++i) {
      world.now += std::chrono::seconds(2);
      syncd::log_source* const both[] = {&sources[0], &sources[1]};
      static_cast<void>(world.store->flush(both));
    }
    std::string text[2];
    std::istringstream lines(world.everything());
    for (std::string line; std::getline(lines, line);) text[line.starts_with("0 ") ? 0 : 1] += line + "\n";
    REQUIRE(text[0] == logs[0].text());
    REQUIRE(text[1] == logs[1].text());
  }
}

TEST_CASE_METHOD(
    log_world,
    "what is planted in a log's place is not followed, opened or written to, other sites go on, its lines are kept") {
  write_file(dir / "secret", "secret\n");
  write_file(dir / "sites/b/www", "b's\n");
  const fs::path place = log();
  const struct {
    const char* what;
    std::function<void()> plant;
    const char* said;
  } rows[] = {
      {"a link out of the tree", [&] { fs::create_symlink(dir / "secret", place); }, "is a symbolic link"},
      {"a link to another site", [&] { fs::create_symlink("../../b/www", place); }, "is a symbolic link"},
      {"a link to nothing", [&] { fs::create_symlink(dir / "nothing", place); }, "is a symbolic link"},
      {"a link to itself", [&] { fs::create_symlink("access.log", place); }, "is a symbolic link"},
      {"a hard link", [&] { fs::create_hard_link(dir / "secret", place); }, "has a second name"},
      {"a folder", [&] { fs::create_directory(place); }, "is a folder"},
      {"a fifo", [&] { REQUIRE(::mkfifo(place.c_str(), 0666) == 0); }, "is a fifo"},
      {"a socket",
       [&] {
         const unique_fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
         sockaddr_un name{};
         name.sun_family = AF_UNIX;
         place.string().copy(name.sun_path, sizeof name.sun_path - 1);
         REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
       },
       "is a socket"},
      {"a link in the folder's place",
       [&] {
         fs::rename(dir / "sites/a/logs", dir / "aside");
         fs::create_directory_symlink(dir / "sites/b/logs", dir / "sites/a/logs");
       },
       "its folder is a symbolic link or no folder"},
      {"a file in the folder's place",
       [&] {
         fs::rename(dir / "sites/a/logs", dir / "aside");
         write_file(dir / "sites/a/logs", "x");
       },
       "its folder is a symbolic link or no folder"},
      {"no folder", [&] { fs::rename(dir / "sites/a/logs", dir / "aside"); }, "its folder: No such file"},
      {"a link in the tree's place",
       [&] {
         fs::rename(dir / "sites/a", dir / "aside");
         fs::create_directory_symlink(dir / "sites/b", dir / "sites/a");
       },
       "symbolic link"},
  };
  start();
  auto a = source("ca", "a");
  auto b = source("cb", "b");
  std::int64_t stamp = 0;
  for (const auto& row : rows) {
    INFO(row.what);
    said.clear();
    fs::remove_all(place);
    row.plant();
    ++stamp;
    a.take({log_stream::out, stamp, "line", true});
    b.take({log_stream::out, stamp, "line", true});
    for (int i = 0; i < 3; ++i) {
      now += std::chrono::seconds(2);
      syncd::log_source* const both[] = {&a, &b};
      CHECK(store->flush(both));
    }
    CHECK(has_said(std::string("a: access.log ")));
    CHECK(has_said(row.said));
    CHECK(said.size() == 1);
    CHECK(b.is_empty());
    CHECK(read_file(dir / "secret") == "secret\n");
    CHECK(read_file(dir / "sites/b/www") == "b's\n");
    CHECK_FALSE(fs::exists(dir / "nothing"));
    std::string expected;
    for (std::int64_t i = 0; i < stamp; ++i) expected += "line\n";
    CHECK(read_file(log("b")) == expected);

    if (fs::exists(dir / "aside/logs")) {
      fs::remove(dir / "sites/a");
      fs::rename(dir / "aside", dir / "sites/a");
    } else if (fs::exists(dir / "aside")) {
      fs::remove(dir / "sites/a/logs");
      fs::rename(dir / "aside", dir / "sites/a/logs");
    }
    fs::remove_all(place);
    REQUIRE(flush(a));
    CHECK(read_file(place) == "line\n");
    CHECK(has_said("access.log can be written again"));
  }
}

TEST_CASE_METHOD(log_world, "a container that went is forgotten") {
  start();
  for (const char* id : {"c1", "c2"}) {
    auto from = source(id);
    from.take({log_stream::out, 5, "x", true});
    REQUIRE(flush(from));
  }
  start();
  store->forget_all_but({"c2"});
  start();
  CHECK(source("c1").streams[0].joiner.cursor().stamp == 0);
  CHECK(source("c2").streams[0].joiner.cursor().stamp == 5);
}

TEST_CASE_METHOD(log_world, "below the least that is free of the disk lines wait, which is said once") {
  start();
  auto from = source();
  no_room = "the disk is full";
  from.take({log_stream::out, 1, "one", true});
  for (int i = 0; i < 3; ++i) CHECK_FALSE(flush(from));
  CHECK_FALSE(fs::exists(log()));
  CHECK(said ==
        std::vector<std::string>{"logs: not written, of no site: the disk is full; the lines are kept by the engine"});
  no_room.clear();
  CHECK(flush(from));
  CHECK(read_file(log()) == "one\n");
  CHECK(said.size() == 2);
}

TEST_CASE_METHOD(log_world, "a log that is rotated is told to the archive") {
  max_size = 3;
  start();
  auto from = source();
  for (int i = 1; i <= 3; ++i) {
    from.take({log_stream::out, i, "line", true});
    REQUIRE(flush(from));
  }
  CHECK(archive.sites == std::vector<std::string>{"a", "a"});
}
