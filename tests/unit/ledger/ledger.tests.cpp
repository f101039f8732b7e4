// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ledger/ledger.h"

#include "ledger/migrations.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace sqlite = heberg::sqlite;
using namespace heberg::ledger;
using Catch::Contains;
using heberg::test::read_file;
using heberg::test::temp_dir;
using heberg::test::write_file;

namespace {

site make_site(std::string name, std::uint32_t uid) {
  site row;
  row.name = std::move(name);
  row.uid = uid;
  row.gecos = "www.example.org";
  row.created_at = heberg::ledger::time(std::chrono::milliseconds(1000));
  return row;
}

void write(ledger& book, const site& row) {
  book.write_sites({&row, 1});
}

sqlite::database open_beside(const temp_dir& dir) {
  const auto path = dir.path().string() + "/" + k_file;
  return {path, SQLITE_OPEN_READWRITE, path};
}

mode_t mode_of(const std::string& path) {
  struct stat file {};
  REQUIRE(::stat(path.c_str(), &file) == 0);
  return file.st_mode & 07777;
}

}  // namespace

TEST_CASE("every field of a site comes back as it was written, over a new opening") {
  const temp_dir dir;
  auto row = make_site("site_1", 20000);
  row.missing_since = heberg::ledger::time(std::chrono::milliseconds(5));
  row.retired_at = heberg::ledger::time(std::chrono::milliseconds(6));
  row.locked_at = heberg::ledger::time(std::chrono::milliseconds(7));
  row.lock_reason = "unpaid";
  row.hash = "$y$j9T$x$y";
  row.origin = hash_origin::password;
  row.password_file = fingerprint{.device = 0xfedcba9876543210, .inode = 2, .size = 3, .mtime_ns = -4, .ctime_ns = 5};
  {
    ledger book(dir.path());
    write(book, row);
  }
  CHECK(ledger(dir.path()).list_sites() == std::vector{row});
}

TEST_CASE("sites are listed by name, and a second write of one changes it") {
  const temp_dir dir;
  ledger book(dir.path());
  const std::vector rows{make_site("b", 20001), make_site("a", 20000)};
  book.write_sites(rows);
  auto again = rows[0];
  again.gecos = "other.example.org";
  write(book, again);
  CHECK(book.list_sites() == std::vector{rows[1], again});
}

TEST_CASE("a UID that another site has is refused, and nothing of that write stays") {
  const temp_dir dir;
  ledger book(dir.path());
  write(book, make_site("a", 20000));
  const std::vector rows{make_site("b", 20001), make_site("c", 20000)};
  CHECK_THROWS_WITH(book.write_sites(rows), Contains("UNIQUE constraint failed: sites.uid"));
  CHECK(book.list_sites() == std::vector{make_site("a", 20000)});
}

TEST_CASE("no row can hold root's id, nobody's or the invalid one") {
  const temp_dir dir;
  ledger book(dir.path());
  const auto uid = GENERATE(0u, 999u, 65534u, 0xffffffffu);
  CHECK_THROWS_AS(write(book, make_site("a", uid)), sqlite::error);
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  const temp_dir dir;
  ledger book(dir.path());
  auto db = open_beside(dir);
  {
    sqlite::transaction change(db);
    db.execute("INSERT INTO sites (name, uid, gecos, created_at) VALUES ('a', 20000, '', 0)");
  }
  CHECK(book.list_sites().empty());
}

TEST_CASE("the ledger's files are for their owner alone, also where they were open to others") {
  const temp_dir dir;
  const auto path = dir.path().string() + "/" + k_file;
  write_file(path, "");
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  ledger book(dir.path());
  write(book, make_site("a", 20000));
  CHECK(mode_of(path) == 0600);
  CHECK(mode_of(path + "-wal") == 0600);
  CHECK(mode_of(path + "-shm") == 0600);
}

TEST_CASE("a second writer is told so, and the lock goes with the first") {
  const temp_dir dir;
  {
    const ledger first(dir.path());
    CHECK_THROWS_WITH(ledger(dir.path()), Contains("another heberg-syncd has locked"));
  }
  CHECK_NOTHROW(ledger(dir.path()));
}

TEST_CASE("a newer schema is refused and left alone") {
  const temp_dir dir;
  { ledger book(dir.path()); }
  {
    auto db = open_beside(dir);
    db.execute("PRAGMA user_version = 1000");
  }
  CHECK_THROWS_WITH(ledger(dir.path()), Contains("version 1000") && Contains("install the newer heberg"));
  auto db = open_beside(dir);
  CHECK(db.read_integer("PRAGMA user_version") == 1000);
}

TEST_CASE("a ledger is brought from each older version to the present one") {
  const auto version = GENERATE(range(std::size_t{0}, migrations().size()));
  const temp_dir dir;
  {
    const auto path = dir.path().string() + "/" + k_file;
    sqlite::database db(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, path);
    for (std::size_t step = 0; step < version; ++step) db.execute(migrations()[step]);
    db.execute("PRAGMA user_version = " + std::to_string(version));
  }
  ledger book(dir.path());
  CHECK(open_beside(dir).read_integer("PRAGMA user_version") == static_cast<std::int64_t>(migrations().size()));
  CHECK(book.list_sites().empty());
}

TEST_CASE("what is no database is named as such and kept byte for byte") {
  const temp_dir dir;
  const std::string garbage(8192, 'x');
  write_file(dir / k_file, garbage);
  CHECK_THROWS_WITH(ledger(dir.path()), Contains("not a database") && Contains("It was not changed"));
  CHECK_THROWS_WITH(read_sites(dir.path()), Contains("not a database"));
  CHECK(read_file(dir / k_file) == garbage);
}

TEST_CASE("a database with a damaged page is refused at the start") {
  const temp_dir dir;
  {
    ledger book(dir.path());
    std::vector<site> rows;
    for (std::uint32_t i = 0; i < 1000; ++i) rows.push_back(make_site("site_" + std::to_string(i), 20000 + i));
    book.write_sites(rows);
  }
  auto bytes = read_file(dir / k_file);
  REQUIRE(bytes.size() > 5 * 4096);
  std::fill(bytes.begin() + 3 * 4096, bytes.begin() + 4 * 4096, '\xff');
  write_file(dir / k_file, bytes);
  CHECK_THROWS_WITH(ledger(dir.path()), Contains("It was not changed"));
}

TEST_CASE("a ledger behind a symbolic link is not opened") {
  const temp_dir dir, elsewhere;
  std::filesystem::create_symlink(elsewhere / "stolen.db", dir / k_file);
  CHECK_THROWS_AS(ledger(dir.path()), std::system_error);
  CHECK_FALSE(std::filesystem::exists(elsewhere / "stolen.db"));
}

TEST_CASE("a write that finds the file busy fails soon, and works again later") {
  const temp_dir dir;
  ledger book(dir.path());
  {
    auto other = open_beside(dir);
    const sqlite::transaction in_the_way(other);
    CHECK_THROWS_WITH(write(book, make_site("a", 20000)), Contains("database is locked"));
  }
  CHECK_NOTHROW(write(book, make_site("a", 20000)));
}

TEST_CASE("a full disk fails the write, loses nothing, and the next one works") {
  const temp_dir dir;
  ledger book(dir.path());
  write(book, make_site("a", 20000));
  std::vector<site> many;
  for (std::uint32_t i = 1; i < 2000; ++i) many.push_back(make_site("site_" + std::to_string(i), 20000 + i));
  // RLIMIT_FSIZE stands in for the full disk: the WAL cannot grow.
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const struct rlimit small { 64 * 1024, before.rlim_max };
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  CHECK_THROWS_AS(book.write_sites(many), sqlite::error);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  ::signal(SIGXFSZ, old_handler);
  CHECK(book.list_sites() == std::vector{make_site("a", 20000)});
  CHECK_NOTHROW(book.write_sites(many));
  CHECK(book.list_sites().size() == 2000);
}

TEST_CASE("a rename keeps the row, and the note of its tree's move until that is finished") {
  const temp_dir dir;
  auto row = make_site("old", 20000);
  row.hash = "$y$j9T$x$y";
  {
    ledger book(dir.path());
    write(book, row);
    book.rename_site({"old", "new"});
  }
  ledger book(dir.path());
  row.name = "new";
  CHECK(book.list_sites() == std::vector{row});
  CHECK(book.list_moves() == std::vector<tree_move>{{"old", "new"}});
  book.finish_move({"old", "new"});
  CHECK(book.list_moves().empty());

  book.rename_site({"new", "newest"});
  book.undo_rename({"new", "newest"});
  CHECK(book.list_sites() == std::vector{row});
  CHECK(book.list_moves().empty());
}

TEST_CASE("a rename to a name that is taken changes nothing, not even the note") {
  const temp_dir dir;
  ledger book(dir.path());
  write(book, make_site("old", 20000));
  write(book, make_site("new", 20001));
  CHECK_THROWS_AS(book.rename_site({"old", "new"}), sqlite::error);
  CHECK_THROWS_AS(book.rename_site({"nobody", "other"}), sqlite::error);
  CHECK(book.list_sites().size() == 2);
  CHECK(book.list_moves().empty());
}

TEST_CASE("an erased site's UID is spent: no other site gets it, one of the same name may") {
  const temp_dir dir;
  {
    ledger book(dir.path());
    write(book, make_site("gone", 20000));
    CHECK(book.list_spent_uids().empty());
    book.erase_site("gone");
    CHECK(book.list_spent_uids() == spent_uids{{20000, "gone"}});
    CHECK(read_spent_uids(dir.path()) == spent_uids{{20000, "gone"}});
  }
  ledger book(dir.path());
  CHECK_THROWS_AS(write(book, make_site("next", 20000)), sqlite::error);
  CHECK(book.list_sites().empty());
  write(book, make_site("gone", 20000));
  CHECK(book.list_spent_uids().empty());
}

TEST_CASE("a site that has its spent UID again can be renamed, rewritten and purged") {
  const temp_dir dir;
  ledger book(dir.path());
  write(book, make_site("a", 20000));
  book.erase_site("a");
  write(book, make_site("a", 20000));
  book.rename_site({"a", "b"});
  book.finish_move({"a", "b"});
  CHECK_NOTHROW(write(book, make_site("b", 20000)));
  book.erase_site("b");
  CHECK(book.list_spent_uids() == spent_uids{{20000, "b"}});
  CHECK_THROWS_AS(write(book, make_site("a", 20000)), sqlite::error);
}
