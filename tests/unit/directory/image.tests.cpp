// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/image.h"

#include "support/published.h"

#include <catch2/catch.hpp>
#include <cdb.h>

#include <fcntl.h>

#include <algorithm>
#include <stdexcept>

using namespace heberg::directory;
using heberg::test::make_account;
using heberg::test::make_accounts;

TEST_CASE("equal accounts give equal bytes, in whatever order they come") {
  std::vector<account> accounts = make_accounts(50);
  const images before = make_images(accounts);
  std::reverse(accounts.begin(), accounts.end());
  const images after = make_images(accounts);
  CHECK(before.accounts == after.accounts);
  CHECK(before.shadow == after.shadow);
}

TEST_CASE("the stock cdb library finds every record, and nothing else") {
  const heberg::test::published directory(1000);
  for (const std::string& path : {directory.accounts_path(), directory.shadow_path()}) {
    const heberg::unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    cdb db{};
    REQUIRE(::cdb_init(&db, fd.get()) == 0);
    for (const account& a : make_accounts(1000)) {
      const std::string key = "n:" + a.name;
      if (::cdb_find(&db, key.data(), static_cast<unsigned>(key.size())) != 1) FAIL(key);
    }
    std::size_t records = 0;
    unsigned position = 0;
    cdb_seqinit(&position, &db);
    while (::cdb_seqnext(&position, &db) == 1) ++records;
    CHECK(records == 1000);
    ::cdb_free(&db);
  }
}

TEST_CASE("hashes are in the shadow file alone") {
  const images made = make_images(make_accounts(10));
  CHECK(made.accounts.find("$y$") == std::string::npos);
  CHECK(made.shadow.find("$y$") != std::string::npos);
}

TEST_CASE("an account that no reader would take is refused, and named") {
  account bad = make_account("site_1", 20000);
  SECTION("name") {
    bad.name = "root";
  }
  SECTION("name with a colon") {
    bad.name = "a:b";
  }
  SECTION("no name") {
    bad.name = "";
  }
  SECTION("id 0") {
    bad.id = 0;
  }
  SECTION("nobody's id") {
    bad.id = 65534;
  }
  SECTION("the invalid id") {
    bad.id = 0xffffffff;
  }
  SECTION("gecos with a colon") {
    bad.gecos = "a:b";
  }
  SECTION("gecos with a newline") {
    bad.gecos = "a\nroot::0:0";
  }
  SECTION("home with a newline") {
    bad.home = "/a\nb";
  }
  SECTION("relative home") {
    bad.home = "sites";
  }
  SECTION("no home") {
    bad.home = "";
  }
  SECTION("relative shell") {
    bad.shell = "sh";
  }
  SECTION("no hash: anyone could log in") {
    bad.hash = "";
  }
  SECTION("a hash that reads as locked") {
    bad.hash = "!x";
  }
  SECTION("hash with a colon") {
    bad.hash = "$y$:";
  }
  SECTION("hash with a newline") {
    bad.hash = "a\nb";
  }
  SECTION("too long") {
    bad.gecos = std::string(1000, 'x');
  }
  SECTION("hash too long") {
    bad.hash = std::string(1000, 'x');
  }
  const std::vector<account> accounts = {make_account("site_2", 20001), bad};
  CHECK_THROWS_AS(make_images(accounts), std::invalid_argument);
  if (bad.name == "site_1") CHECK_THROWS_WITH(make_images(accounts), Catch::Contains("site_1"));
}

TEST_CASE("a name or an id given twice is refused") {
  const std::vector<account> names = {make_account("site_1", 20000), make_account("site_1", 20001)};
  CHECK_THROWS_WITH(make_images(names), Catch::Contains("site_1"));
  const std::vector<account> ids = {make_account("site_1", 20000), make_account("site_2", 20000)};
  CHECK_THROWS_WITH(make_images(ids), Catch::Contains("20000"));
}
