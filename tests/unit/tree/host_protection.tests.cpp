// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/host_protection.h"

#include <catch2/catch.hpp>

#include <sys/statvfs.h>

using namespace heberg::tree;
using Catch::Contains;

TEST_CASE("a sites root without nosuid or nodev is named, with the command that mounts it so") {
  CHECK(judge_mount(ST_NOSUID | ST_NODEV | ST_RDONLY, "/sites").empty());
  const auto both = judge_mount(0, "/srv/sites");
  REQUIRE(both.size() == 1);
  CHECK_THAT(both[0].text, Contains("/srv/sites is mounted without nosuid,nodev: "));
  CHECK_THAT(both[0].remedy, Contains("mount -o remount,bind,nosuid,nodev /srv/sites"));
  CHECK_THAT(judge_mount(ST_NOSUID, "/sites").at(0).text, Contains("without nodev: a device node"));
  CHECK_THAT(judge_mount(ST_NODEV, "/sites").at(0).text, Contains("without nosuid: a set-user-ID"));
}

TEST_CASE("each fs.protected_ setting that is 0 is named, with its command, one that cannot be read is not") {
  CHECK(judge_links({1, 1, 1, 2}).empty());
  CHECK(judge_links({}).empty());
  CHECK(judge_links({0, 0, 0, 0}).size() == 4);
  const auto one = judge_links({0, 1, 2, 1});
  REQUIRE(one.size() == 1);
  CHECK_THAT(one[0].text, Contains("fs.protected_hardlinks is 0: "));
  CHECK(one[0].remedy == "sysctl -w fs.protected_hardlinks=1");
}
