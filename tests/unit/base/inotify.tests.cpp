// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/inotify.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <cerrno>
#include <filesystem>

using heberg::inotify;
using heberg::test::write_file;

TEST_CASE("events come one by one, with their watch, and end") {
  const heberg::test::temp_dir dir;
  std::filesystem::create_directory(dir / "a");
  std::filesystem::create_directory(dir / "b");
  inotify changes;
  REQUIRE(changes.fd() >= 0);
  CHECK(changes.error() == 0);
  const int a = changes.watch((dir / "a").c_str(), IN_CREATE);
  const int b = changes.watch((dir / "b").c_str(), IN_CREATE);
  CHECK(changes.watch((dir / "a").c_str(), IN_CREATE) == a);
  write_file(dir / "a/one", "");
  write_file(dir / "b/another", "");
  inotify::event event;
  REQUIRE(changes.next(event));
  CHECK(event.watch == a);
  CHECK(event.name == "one");
  REQUIRE(changes.next(event));
  CHECK(event.watch == b);
  CHECK(event.name == "another");
  CHECK((event.mask & IN_CREATE) != 0);
  CHECK_FALSE(event.is_overflow());
  CHECK_FALSE(changes.next(event));
}

TEST_CASE("more events than one read holds are all given") {
  const heberg::test::temp_dir dir;
  inotify changes;
  REQUIRE(changes.watch(dir.path().c_str(), IN_CREATE) >= 0);
  constexpr int k_files = 1000;  // 32 bytes each
  for (int i = 0; i < k_files; ++i) write_file(dir / std::to_string(10000 + i), "");
  inotify::event event;
  int count = 0;
  while (changes.next(event)) {
    CHECK(event.name == std::to_string(10000 + count));
    ++count;
  }
  CHECK(count == k_files);
}

TEST_CASE("what happens to the folder itself has no name, and a watch that is removed says so") {
  const heberg::test::temp_dir dir;
  inotify changes;
  const int watch = changes.watch(dir.path().c_str(), IN_ATTRIB);
  std::filesystem::permissions(dir.path(), std::filesystem::perms::owner_all);
  changes.remove(watch);
  inotify::event event;
  REQUIRE(changes.next(event));
  CHECK(event.name.empty());
  REQUIRE(changes.next(event));
  CHECK((event.mask & IN_IGNORED) != 0);
}

TEST_CASE("what cannot be watched is an errno value") {
  inotify changes;
  CHECK(changes.watch("/nonexistent", IN_CREATE) == -1);
  CHECK(errno == ENOENT);
}
