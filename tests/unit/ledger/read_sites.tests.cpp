// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ledger/ledger.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <tuple>

using namespace heberg::ledger;
using heberg::test::read_file;
using heberg::test::temp_dir;

namespace {

std::vector<site> one_site() {
  site row;
  row.name = "site_1";
  row.uid = 20000;
  return {row};
}

// Every file of the folder with its bytes: what a reader must leave alone. The -shm holds the locks' bytes, which a
// reader may take.
std::vector<std::tuple<std::string, std::string>> snapshot(const temp_dir& dir) {
  std::vector<std::tuple<std::string, std::string>> files;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    const auto name = entry.path().filename().string();
    files.emplace_back(name, name.ends_with("-shm") ? "" : read_file(entry.path()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("where there is no ledger a reader sees no site, and makes none") {
  const temp_dir dir;
  CHECK(read_sites(dir.path()).empty());
  CHECK(read_sites((dir / "absent").string()).empty());
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("a reader sees the sites while the writer is at work") {
  const temp_dir dir;
  ledger book(dir.path());
  book.write_sites(one_site());
  const auto before = snapshot(dir);
  CHECK(read_sites(dir.path()) == one_site());
  CHECK(snapshot(dir) == before);
}

TEST_CASE("a reader sees the sites after the writer has ended, and leaves no file behind") {
  const temp_dir dir;
  {
    ledger book(dir.path());
    book.write_sites(one_site());
  }
  const auto before = snapshot(dir);
  REQUIRE_FALSE(std::filesystem::exists(dir / "ledger.db-wal"));
  CHECK(read_sites(dir.path()) == one_site());
  CHECK(snapshot(dir) == before);
}

TEST_CASE("a reader sees the sites after the writer was killed, and leaves the rest to its successor") {
  const temp_dir dir;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ledger book(dir.path());
    book.write_sites(one_site());
    ::_exit(0);  // no destructor runs: the -wal stays, as after kill -9
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  const auto before = snapshot(dir);
  REQUIRE(std::filesystem::exists(dir / "ledger.db-wal"));

  SECTION("with the shared index that the writer left") {
    CHECK(read_sites(dir.path()) == one_site());
    CHECK(snapshot(dir) == before);
  }
  SECTION("the next writer has them too") {
    CHECK(read_sites(dir.path()) == one_site());
    CHECK(ledger(dir.path()).list_sites() == one_site());
  }
}

TEST_CASE("a reader of a path with the URI's special characters finds the right file") {
  const temp_dir dir;
  const auto odd = (dir / "a?b#c%41").string();
  ledger(odd).write_sites(one_site());
  CHECK(read_sites(odd) == one_site());
}
