// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/log_disk.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

using heberg::syncd::explain_no_room;

TEST_CASE("below the least that is free there is no room, whatever the disk's size") {
  CHECK(explain_no_room(5000, 100'000, 5).empty());
  CHECK_THAT(explain_no_room(4999, 100'000, 5), Catch::Contains("less than 5 per cent") && Catch::Contains("min_free"));
  CHECK(explain_no_room(0, 100'000, 0).empty());
  CHECK(explain_no_room(0, 0, 5).empty());
  CHECK_FALSE(explain_no_room(0, 1ULL << 60U, 5).empty());
  CHECK(explain_no_room(1ULL << 60U, 1ULL << 60U, 50).empty());
}

TEST_CASE("a folder's disk is asked, and one that cannot be has room") {
  CHECK(explain_no_room(-1, 50).empty());
  const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  CHECK_FALSE(explain_no_room(root, 101).empty());
  ::close(root);
}
