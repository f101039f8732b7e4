// SPDX-License-Identifier: LGPL-2.1-or-later
// The backup's dates and lists, and a missing restic. The repository itself: tests/e2e.
#include "hebergctl/archive/restic.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <ctime>

namespace {

using namespace heberg;
using namespace heberg::ctl;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr char k_list[] = R"([
{"time":"2026-11-26T04:00:00.9+01:00","paths":["/b.tar"],"id":"b1","short_id":"b1"},
{"time":"2026-11-25T03:00:00Z","paths":["/a.tar"],"id":"a1"},
{"time":"2026-11-27T03:00:00Z","paths":["/a.tar"],"id":"a2"},
{"time":"2026-11-27T03:00:00Z","paths":["/etc/passwd"],"id":"x"},
{"time":"2026-11-27T03:00:00Z","paths":["/../a.tar"],"id":"y"}])";

}  // namespace

TEST_CASE("a password in the private folder comes before the standard place, not before another that is set") {
  const test::temp_dir dir;
  const auto standard = (dir / "backup.password").string();
  const auto hidden = (dir / "hidden").string();
  CHECK(choose_password_file(standard, standard, hidden) == standard);
  test::write_file(dir / "hidden", "x");
  CHECK(choose_password_file(standard, standard, hidden) == hidden);
  CHECK(choose_password_file("/srv/password", standard, hidden) == "/srv/password");
}

TEST_CASE("the snapshots of sites are listed in order of time, and others are skipped") {
  const auto all = parse_snapshots(k_list);
  REQUIRE(all.size() == 3);
  CHECK(all[0].id == "a1");
  CHECK(all[1].id == "b1");
  CHECK(all[1].site == "b");
  CHECK(all[1].time == sys_seconds(seconds(1795662001)));  // rounded up: it is not in the second before
  CHECK(all[2].id == "a2");
  CHECK(parse_snapshots("null").empty());
  CHECK(parse_snapshots("[]").empty());
  for (const auto* bad : {"", "{", "{}", "[1]", R"([{"time":"x"}])", R"([{"time":1,"paths":["/a.tar"],"id":"a"}])"}) {
    INFO(bad);
    CHECK_THROWS_AS(parse_snapshots(bad), std::runtime_error);
  }
}

TEST_CASE("the last snapshot at or before the date is chosen") {
  const std::vector<snapshot> all = {{"1", "a", sys_seconds(seconds(100))}, {"2", "a", sys_seconds(seconds(200))}};
  CHECK_FALSE(choose_snapshot(all, sys_seconds(seconds(99))));
  CHECK(choose_snapshot(all, sys_seconds(seconds(100)))->id == "1");
  CHECK(choose_snapshot(all, sys_seconds(seconds(199)))->id == "1");
  CHECK(choose_snapshot(all, sys_seconds::max())->id == "2");
  CHECK_FALSE(choose_snapshot({}, sys_seconds::max()));
}

TEST_CASE("a date is the end of a day or a time, and an invalid one is refused") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  const auto at = [](const char* text) {
    const auto found = parse_date(text);
    return found ? found->time_since_epoch().count() : -1;
  };
  CHECK(at("2026-11-27") == 1795823999);
  CHECK(at("2026-11-27 14:00") == 1795788000);
  CHECK(at("2026-11-27T14:00") == 1795788000);
  CHECK(at("2026-11-27 14:00:05") == 1795788005);
  CHECK(parse_date("latest") == sys_seconds::max());
  for (const auto* bad : {"", "yesterday", "2026-02-31", "2026-11-27 25:00", "2026-11-27x", "27.11.2026"}) {
    INFO(bad);
    CHECK(at(bad) == -1);
  }
}

TEST_CASE("where restic is not installed, the error says so and names the package") {
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  settings settings;
  settings.backup.repository = "/nowhere/repository";
  CHECK_THROWS_WITH(restic(settings).init(), "restic is not installed: apt install restic");
  ::setenv("PATH", path.c_str(), 1);
}
