// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/import/home_copy.h"
#include "hebergctl/import/import_plan.h"
#include "hebergctl/import/import_sources.h"
#include "sqlite/sqlite.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>
#include <sqlite3.h>

namespace {

using namespace heberg;
using namespace heberg::ctl;
using login = old_account::login;

constexpr const char* k_hash =
    "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/";

import_facts facts_of(std::span<const ledger::site> sites = {}) {
  return {.sites = sites, .complete = {}, .trees = {}, .uid_min = 1000, .uid_max = 59999};
}

std::string reason_of(const std::string& users_conf, const import_facts& facts) {
  const auto accounts = parse_users_conf(users_conf);
  return plan_import(accounts, facts).at(0).reason;
}

}  // namespace

TEST_CASE("passwd and shadow: the users' lines, with their hashes and locks") {
  const std::string passwd =
      "root:x:0:0:root:/root:/bin/bash\n"
      "www-data:x:33:33::/var/www:/usr/sbin/nologin\n"
      "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
      "site_1:x:1001:1002:First,,,:/home/site_1:/bin/false\n"
      "locked:x:1003:1003::/home/locked:/bin/false\n"
      "nopass:x:1004:1004::/home/nopass:/bin/false\n"
      "old:" +
      std::string(k_hash) +
      ":1005:1005::/home/old:/bin/false\n"
      "unknown:x:1006:1006::/home/unknown:/bin/false\n"
      "short:x:1007\n"
      "\n";
  const std::string shadow = "root:$6$x$y:1:0:::::\nsite_1:" + std::string(k_hash) + ":1:0:::::\nlocked:!" + k_hash +
                             ":1:0:::::\nnopass:!:1:0:::::\n";
  const auto found = parse_passwd(passwd, shadow);
  REQUIRE(found.size() == 6);
  CHECK(found[0].name == "site_1");
  CHECK(found[0].where == "line 4");
  CHECK(found[0].uid == 1001U);
  CHECK(found[0].gid == 1002U);
  CHECK(found[0].home == "/home/site_1");
  CHECK(found[0].kind == login::hash);
  CHECK(found[0].line.view() == k_hash);
  CHECK_FALSE(found[0].is_locked);
  CHECK(found[1].is_locked);
  CHECK(found[1].line.view() == k_hash);
  CHECK(found[2].kind == login::none);
  CHECK_FALSE(found[2].is_locked);
  CHECK(found[3].line.view() == k_hash);
  CHECK(found[4].fault == "has its password in shadow(5), but no line there: add --shadow FILE");
  CHECK(found[5].fault == "is not a line of passwd(5): it does not have 7 fields");
}

TEST_CASE("users.conf: passwords in plain text or as hashes, with and without UIDs") {
  const auto found = parse_users_conf("# a comment\nfoo:secret:1001:100:upload,other\nbar:" + std::string(k_hash) +
                                      ":e:1002\r\nbaz::1003\nqux:p\n\nbad:p:x\nlong:p:1:2:3:4\n");
  REQUIRE(found.size() == 6);
  CHECK(found[0].kind == login::password);
  CHECK(found[0].line.view() == "secret");
  CHECK(found[0].uid == 1001U);
  CHECK(found[0].gid == 100U);
  CHECK(found[0].home == "/home/foo");
  CHECK(found[1].kind == login::hash);
  CHECK(found[1].uid == 1002U);
  CHECK(found[2].kind == login::none);
  CHECK_FALSE(found[3].uid);
  CHECK(found[4].fault == "has an invalid UID or GID");
  CHECK(found[5].fault == "has too many fields for users.conf: is this a passwd(5) file?");
}

TEST_CASE("sqlite: a query's columns by their names, and the file is only read") {
  const test::temp_dir folder;
  const auto path = (folder / "panel.db").string();
  {
    sqlite::database db(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, path);
    db.execute("CREATE TABLE users (login TEXT, n INTEGER, crypt TEXT, off INTEGER)");
    db.execute("INSERT INTO users VALUES ('site_1', 1001, '" + std::string(k_hash) +
               "', 0), ('site_2', 1002, '*', 1), ('x', 'y', '', 0)");
  }
  const auto found =
      query_accounts(path, "SELECT login AS name, n AS uid, crypt AS hash, off AS locked FROM users ORDER BY 1");
  REQUIRE(found.size() == 3);
  CHECK(found[0].name == "site_1");
  CHECK(found[0].where == "row 1");
  CHECK(found[0].uid == 1001U);
  CHECK(found[0].line.view() == k_hash);
  CHECK(found[1].kind == login::none);
  CHECK(found[1].is_locked);
  CHECK(found[2].fault == "has an invalid uid");
  CHECK_THROWS_WITH(query_accounts(path, "SELECT login FROM users"), "the query returns no column \"name\"");
  CHECK_THROWS_AS(query_accounts(path, "SELEC"), sqlite::error);
  CHECK_THROWS_AS(query_accounts(path, "DELETE FROM users RETURNING login AS name"), sqlite::error);
  CHECK_THROWS_AS(query_accounts((folder / "none").string(), "SELECT 1 AS name"), sqlite::error);
}

TEST_CASE("sqlite: a hostile schema neither runs functions with effects, nor for ever, nor fills the memory") {
  const test::temp_dir folder;
  const auto path = (folder / "100%?#.db").string();  // characters of URIs
  {
    sqlite::database db("file:" + (folder / "100%25%3f%23.db").string(),
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, path);
    db.execute("CREATE TABLE t (name TEXT); INSERT INTO t VALUES ('a')");
    db.execute(
        "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT max(i) AS name FROM n");
    db.execute("CREATE VIEW large AS SELECT hex(zeroblob(500000000)) AS name");
    db.execute("CREATE VIEW extension AS SELECT load_extension('/tmp/x') AS name");
    db.execute(
        "CREATE VIEW many AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000)"
        " SELECT 'a' || i AS name FROM n");
  }
  REQUIRE(query_accounts(path, "SELECT name FROM t").size() == 1);
  for (const auto* view : {"endless", "large", "extension"}) {
    INFO(view);
    CHECK_THROWS_AS(query_accounts(path, std::string("SELECT name FROM ") + view), sqlite::error);
  }
  CHECK_THROWS_WITH(query_accounts(path, "SELECT name FROM many"), Catch::Contains("more than 100000 rows"));
  CHECK_THROWS_AS(query_accounts(path, "ATTACH '" + (folder / "made.db").string() + "' AS x"), std::exception);
  CHECK_FALSE(std::filesystem::exists(folder / "made.db"));
}

TEST_CASE("a home is copied only where it is the account's own") {
  struct row {
    const char* path;
    unsigned owner;
    unsigned mode;
    std::optional<std::uint32_t> uid;
    const char* why;  // empty: copied
  };
  const row rows[] = {
      {"/home/site_1", 20000, 0700, 20000, ""},
      {"/home/other", 20000, 0755, std::nullopt, ""},
      {"/srv/sftp/site_1", 0, 0755, 20000, ""},  // a chroot
      {"/srv/sftp/site_1", 0, 0700, 20000, "the account cannot read it"},
      {"/srv/secret", 0, 0755, 20000, "it belongs to UID 0, not to the account's UID 20000"},
      {"/srv/secret", 0, 0755, std::nullopt, "it belongs to UID 0, not to a user"},
      {"/home/site_2", 20001, 0755, 20000, "it belongs to UID 20001, not to the account's UID 20000"},
      {"/home/site_1", 20000, 0300, 20000, "the account cannot read it"},
      {"/", 20000, 0755, 20000, "/ is a folder of the system"},
      {"/home", 20000, 0755, 20000, "/home is a folder of the system"},
      {"/etc", 20000, 0755, 20000, "/etc is a folder of the system"},
      {"/etc/site_1", 20000, 0755, 20000, "/etc/site_1 is in the system's folder /etc"},
      {"/root/x", 20000, 0755, 20000, "/root/x is in the system's folder /root"},
      {"/proc/1/root", 20000, 0755, 20000, "/proc/1/root is in the system's folder /proc"},
  };
  for (const auto& row : rows) {
    INFO(row.path << " " << row.owner);
    struct stat home {};
    home.st_uid = home.st_gid = row.owner;
    home.st_mode = S_IFDIR | row.mode;
    const auto why =
        explain_home({.site = "site_1", .uid = 20000, .old_uid = row.uid, .old_gid = {}, .home = {}, .web_folder = {}},
                     row.path, home);
    CHECK(why.substr(0, why.find(';')) == row.why);
  }
}

TEST_CASE("an account that cannot be imported unchanged is a conflict, with its reason") {
  ledger::site known, other;
  known.name = "known";
  known.uid = 2000;
  other.name = "other";
  other.uid = 2001;
  const std::vector<ledger::site> sites{known, other};
  auto facts = facts_of(sites);
  CHECK(reason_of("site_1:secret:1001", facts).empty());
  CHECK(reason_of("Site:secret:1001", facts).starts_with("invalid site name "));
  CHECK(reason_of("root:secret:1001", facts).starts_with("invalid site name "));
  CHECK(reason_of("a:p:1001\na:p:1002", facts) == "occurs more than once");
  CHECK(reason_of("a:p:1001\nb:p:1001", facts) == "shares UID 1001 with another account");
  CHECK(reason_of("a:p:999", facts) ==
        "UID 999 is outside the range accounts.uid_min to accounts.uid_max (1000 to 59999): extend the range in "
        "heberg.toml");
  CHECK(reason_of("a:p:60000", facts).starts_with("UID 60000 is outside the range"));
  CHECK(reason_of("a:p:2001", facts) == "UID 2001 belongs to site other");
  CHECK(reason_of("known:p:2002", facts) == "exists already with UID 2000, not 2002");
  CHECK(reason_of("a:abcdefghijklm:e:1001", facts) == "its hash has none of the \"$id$\" prefixes of crypt(5)");
  CHECK(reason_of("a:$6$broken:e:1001", facts).starts_with("its hash "));
  CHECK(reason_of("a:$6$broken:1001", facts) ==
        "its password cannot be stored in a password file: it would be read as something else");
  facts.trees = {"a"};
  CHECK(reason_of("a:p:1001", facts).empty());
  facts.copies = true;
  CHECK(reason_of("a:p:1001", facts) == "a tree of that name exists already: --copy needs a new one");
}

TEST_CASE("a plan says what is made, finished or present, and what will differ from the old account") {
  ledger::site begun, complete;
  begun.name = "begun";
  begun.uid = 1001;
  complete.name = "complete";
  complete.uid = 1002;
  const std::vector<ledger::site> sites{begun, complete};
  auto facts = facts_of(sites);
  facts.complete = {"complete"};
  const auto accounts = parse_users_conf("begun:p:1001\ncomplete:p:1002\nnew:p:1003:100\nfresh:\n");
  const auto steps = plan_import(accounts, facts);
  REQUIRE(steps.size() == 4);
  CHECK(std::string(name_of(steps[0].kind)) == "finish");
  CHECK(std::string(name_of(steps[1].kind)) == "present");
  CHECK(std::string(name_of(steps[2].kind)) == "make");
  CHECK(steps[2].notes == std::vector<std::string>{"its GID changes from 100 to 1003"});
  CHECK(steps[3].notes == std::vector<std::string>{"gets a new UID", "no password login, as before"});
  CHECK(count_conflicts(steps) == 0);
}
