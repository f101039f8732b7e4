// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/cursor.h"

#include "directory/reader.h"
#include "support/published.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>

using namespace heberg::directory;
using heberg::test::hostile_row;
using heberg::test::make_account;
using heberg::test::make_accounts;
using heberg::test::published;
using heberg::test::scoped_cursor;

namespace {

// All names from here to the end.
std::vector<std::string> rest_of(cursor& from, const published& directory) {
  std::vector<std::string> names;
  account_entry entry;
  status result = status::found;
  while ((result = from.peek(directory.accounts(), entry)) == status::found) {
    names.emplace_back(entry.name);
    from.advance();
  }
  CHECK(result == status::not_found);
  return names;
}

std::vector<std::string> sorted_names(const std::vector<account>& accounts) {
  std::vector<std::string> names;
  for (const account& a : accounts) names.push_back(a.name);
  std::sort(names.begin(), names.end());
  return names;
}

void skip(cursor& from, const published& directory, int count) {
  account_entry entry;
  for (int i = 0; i < count; ++i) {
    REQUIRE(from.peek(directory.accounts(), entry) == status::found);
    from.advance();
  }
}

}  // namespace

TEST_CASE("an enumeration gives every account once, sorted, whatever the size") {
  for (const std::uint32_t count : {0U, 1U, 100U, 5000U}) {
    INFO(count);
    const published directory(count);
    scoped_cursor all;
    CHECK(rest_of(all, directory) == sorted_names(make_accounts(count)));
    CHECK(rest_of(all, directory).empty());  // the end stays the end
    all.reset();
    CHECK(rest_of(all, directory).size() == count);
  }
}

TEST_CASE("the shadow file is enumerated likewise") {
  const published directory(300);
  scoped_cursor all;
  shadow_entry entry;
  std::size_t count = 0;
  while (all.peek(directory.shadow(), entry) == status::found) {
    ++count;
    all.advance();
  }
  CHECK(count == 300);
}

TEST_CASE("an entry that was not counted as given is given again") {
  const published directory(3);
  scoped_cursor all;
  account_entry entry;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(all.peek(directory.accounts(), entry) == status::found);
    CHECK(entry.name == "site_1");
  }
  all.advance();
  all.advance();  // nothing was peeked at: nothing is passed over
  REQUIRE(all.peek(directory.accounts(), entry) == status::found);
  CHECK(entry.name == "site_2");
}

TEST_CASE("a lookup in between does not move the cursor") {
  const published directory(3);
  scoped_cursor all;
  skip(all, directory, 1);
  record_buffer buffer{};
  account_entry entry;
  REQUIRE(find_account(directory.accounts(), "site_3", buffer, entry) == status::found);
  CHECK(rest_of(all, directory) == std::vector<std::string>{"site_2", "site_3"});
}

TEST_CASE(
    "where the directory is published anew, the enumeration goes on behind the last name: none twice, and it ends") {
  const published directory(2000);
  scoped_cursor all;
  skip(all, directory, 1000);
  std::vector<account> accounts = make_accounts(2000);
  SECTION("with accounts added") {
    for (std::uint32_t i = 0; i < 500; ++i) {
      accounts.push_back(make_account("a_" + std::to_string(i), 30000 + i));
      accounts.push_back(make_account("z_" + std::to_string(i), 40000 + i));
    }
  }
  SECTION("with accounts gone") {
    accounts.resize(700);
  }
  SECTION("with none left") {
    accounts.clear();
  }
  const std::vector<std::string> before = sorted_names(make_accounts(2000));
  const std::string last = before[999];
  directory.publish(accounts);
  const std::vector<std::string> rest = rest_of(all, directory);
  CHECK(std::is_sorted(rest.begin(), rest.end()));
  CHECK(std::adjacent_find(rest.begin(), rest.end()) == rest.end());
  for (const std::string& name : rest) REQUIRE(name > last);
  // Beyond the buffer-full that was read already, it is what the new directory says.
  const std::vector<std::string> now = sorted_names(accounts);
  for (const std::string& name : now) {
    if (name > before[1300]) REQUIRE(std::find(rest.begin(), rest.end(), name) != rest.end());
  }
}

TEST_CASE("republishing at every step neither loops nor repeats") {
  const published directory(400);
  std::vector<account> accounts = make_accounts(400);
  scoped_cursor all;
  account_entry entry;
  std::string last;
  std::size_t given = 0;
  while (all.peek(directory.accounts(), entry) == status::found) {
    REQUIRE(std::string(entry.name) > last);
    last = entry.name;
    ++given;
    all.advance();
    accounts[0].gecos = std::to_string(given);
    if (given % 40 == 0) directory.publish(accounts);
  }
  CHECK(given == 400);
}

TEST_CASE("a directory that goes away ends the enumeration with the reason") {
  const published directory(2000);
  scoped_cursor all;
  skip(all, directory, 1);
  std::filesystem::remove(directory.accounts_path());
  account_entry entry;
  status result = status::found;
  int given = 0;
  while ((result = all.peek(directory.accounts(), entry)) == status::found) {
    all.advance();
    ++given;
  }
  CHECK(result == status::missing);
  CHECK(errno == ENOENT);
  CHECK(given < 2000);
}

TEST_CASE("a hostile directory is enumerated up to the first entry that no site can have") {
  const published directory(1);
  const auto put = [&](const std::vector<row>& rows) {
    directory.put(directory.accounts_path(), make_image(file_kind::accounts, rows));
  };
  const row good = hostile_row("a", 20000, "a:x:20000:20000:g:/h:/s");
  SECTION("uid 0") {
    put({good, hostile_row("b", 0, "b:x:0:0:g:/h:/s")});
  }
  SECTION("not sorted") {
    put({hostile_row("b", 20001, "b:x:20001:20001:g:/h:/s"), good});
  }
  SECTION("a name twice") {
    put({good, good});
  }
  SECTION("another name under the key") {
    put({good, hostile_row("b", 20001, "c:x:20001:20001:g:/h:/s")});
  }
  SECTION("a key of another sort") {
    put({good, {"x:b", "u:20001", "b:x:20001:20001:g:/h:/s"}});
  }
  scoped_cursor all;
  account_entry entry;
  REQUIRE(all.peek(directory.accounts(), entry) == status::found);
  all.advance();
  CHECK(all.peek(directory.accounts(), entry) == status::damaged);
  CHECK(all.peek(directory.accounts(), entry) == status::damaged);
}
