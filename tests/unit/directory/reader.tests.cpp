// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/reader.h"

#include "support/published.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <cerrno>

using namespace heberg::directory;
using heberg::test::hostile_row;
using heberg::test::make_account;
using heberg::test::make_accounts;
using heberg::test::published;

namespace fs = std::filesystem;

namespace {

struct looks {
  record_buffer buffer{};
  account_entry account;
  shadow_entry shadow;

  status by_name(const published& d, std::string_view name) {
    return find_account(d.accounts(), name, buffer, account);
  }
  status by_id(const published& d, std::uint32_t id) { return find_account(d.accounts(), id, buffer, account); }
  status in_shadow(const published& d, std::string_view name) { return find_shadow(d.shadow(), name, buffer, shadow); }
};

}  // namespace

TEST_CASE("every published account is found by name, by id, and in the shadow file") {
  for (const std::uint32_t count : {1U, 2U, 7U, 100U, 3000U}) {
    const published directory(count);
    looks look;
    for (const account& a : make_accounts(count)) {
      INFO(a.name);
      REQUIRE(look.by_name(directory, a.name) == status::found);
      REQUIRE(look.account.id == a.id);
      REQUIRE(look.account.home == a.home);
      REQUIRE(look.by_id(directory, a.id) == status::found);
      REQUIRE(look.account.name == a.name);
      REQUIRE(look.account.gecos == a.gecos);
      REQUIRE(look.account.shell == a.shell);
      REQUIRE(look.in_shadow(directory, a.name) == status::found);
      REQUIRE(look.shadow.hash == a.hash);
    }
  }
}

TEST_CASE("what was not published is not found, in a directory of any size") {
  for (const std::uint32_t count : {0U, 1U, 100U, 3000U}) {
    const published directory(count);
    looks look;
    for (std::uint32_t i = 0; i < 500; ++i) {
      REQUIRE(look.by_name(directory, "other_" + std::to_string(i)) == status::not_found);
      REQUIRE(look.by_id(directory, 70000 + i) == status::not_found);
      REQUIRE(look.in_shadow(directory, "other_" + std::to_string(i)) == status::not_found);
    }
  }
}

TEST_CASE("a name is matched in whole") {
  const published directory(std::vector<account>{make_account("fan1", 20000)});
  looks look;
  CHECK(look.by_name(directory, "fan1") == status::found);
  for (const char* name : {"fan", "fan11", "fan1.", "n:fan1"})
    CHECK(look.by_name(directory, name) == status::not_found);
}

TEST_CASE("names whose hashes all pick one block of the index are found, and one that is absent is not") {
  std::vector<account> accounts;
  std::vector<std::string> absent;
  for (std::uint32_t i = 0; accounts.size() < 100 || absent.size() < 10; ++i) {
    const std::string name = "x" + std::to_string(i);
    if (block_of(hash_of("n:" + name), 64) != 5) continue;
    if (accounts.size() < 100) {
      accounts.push_back(make_account(name, 20000 + i));
    } else {
      absent.push_back(name);
    }
  }
  const published directory(accounts);
  looks look;
  for (const account& a : accounts) {
    CHECK(look.by_name(directory, a.name) == status::found);
    CHECK(look.by_id(directory, a.id) == status::found);
    CHECK(look.in_shadow(directory, a.name) == status::found);
  }
  for (const std::string& name : absent) {
    CHECK(look.by_name(directory, name) == status::not_found);
    CHECK(look.in_shadow(directory, name) == status::not_found);
  }
}

TEST_CASE("the longest entry is found") {
  account a = make_account(std::string(32, 'a'), 4294967294U);
  a.gecos = "";
  a.hash = std::string(800, 'h');
  while (a.name.size() * 2 + a.gecos.size() + 59 < k_line_max) a.gecos.push_back('g');
  const published directory(std::vector<account>{a});
  looks look;
  REQUIRE(look.by_name(directory, a.name) == status::found);
  CHECK(look.account.gecos == a.gecos);
  CHECK(look.account.line.size() > 850);
  CHECK(look.by_id(directory, a.id) == status::found);
  CHECK(look.in_shadow(directory, a.name) == status::found);
}

TEST_CASE("locked, password-less and expired accounts say so") {
  account locked = make_account("locked", 20000);
  locked.locked = true;
  account keys_only = make_account("keys_only", 20001);
  keys_only.hash = "*";
  account expired = make_account("expired", 20002);
  expired.expire = 19000;
  const published directory(std::vector<account>{locked, keys_only, expired});
  looks look;
  REQUIRE(look.in_shadow(directory, "locked") == status::found);
  CHECK(look.shadow.is_locked());
  CHECK(look.shadow.hash == "!" + locked.hash);
  REQUIRE(look.in_shadow(directory, "keys_only") == status::found);
  CHECK_FALSE(look.shadow.is_locked());
  CHECK(look.shadow.hash == "*");
  REQUIRE(look.in_shadow(directory, "expired") == status::found);
  CHECK(look.shadow.expire == 19000);
}

TEST_CASE("a name or id that no site can have is not found even where there is no directory") {
  const published directory(1);
  fs::remove(directory.accounts_path());
  fs::remove(directory.shadow_path());
  looks look;
  for (const char* name : {"", "root", "www-data", "../x", "A", "n:site_1"}) {
    INFO(name);
    CHECK(look.by_name(directory, name) == status::not_found);
    CHECK(look.in_shadow(directory, name) == status::not_found);
  }
  for (const std::uint32_t id : {0U, 999U, 65534U, 0xffffffffU}) CHECK(look.by_id(directory, id) == status::not_found);
}

TEST_CASE("a missing file says so, with the reason in errno") {
  const published directory(1);
  looks look;
  SECTION("no file") {
    fs::remove(directory.accounts_path());
    CHECK(look.by_name(directory, "site_1") == status::missing);
    CHECK(errno == ENOENT);
    CHECK(look.by_id(directory, 20000) == status::missing);
  }
  SECTION("a folder above it is a file") {
    const source nowhere{"/dev/null/accounts.cdb", ::geteuid(), file_kind::accounts};
    CHECK(find_account(nowhere, "site_1", look.buffer, look.account) == status::missing);
    CHECK(errno == ENOTDIR);
  }
}

TEST_CASE("a file that others could have written is not read") {
  const published directory(1);
  const fs::path path = directory.accounts_path();
  looks look;
  SECTION("writable by its group") {
    fs::permissions(path, fs::perms(0664));
  }
  SECTION("writable by everybody") {
    fs::permissions(path, fs::perms(0646));
  }
  SECTION("a link") {
    fs::rename(path, path.string() + ".real");
    fs::create_symlink(path.string() + ".real", path);
  }
  SECTION("a folder") {
    fs::remove(path);
    fs::create_directory(path);
  }
  SECTION("a pipe, which must not hang the caller") {
    fs::remove(path);
    REQUIRE(::mkfifo(path.c_str(), 0644) == 0);
  }
  SECTION("another owner's") {
    const source foreign{directory.accounts_path().c_str(), ::geteuid() + 1, file_kind::accounts};
    CHECK(find_account(foreign, "site_1", look.buffer, look.account) == status::untrusted);
    return;
  }
  CHECK(look.by_name(directory, "site_1") == status::untrusted);
  CHECK(look.by_id(directory, 20000) == status::untrusted);
}

TEST_CASE("one file does not pass for the other") {
  const published directory(1);
  looks look;
  directory.put(directory.accounts_path(), heberg::test::read_file(directory.shadow_path()));
  CHECK(look.by_name(directory, "site_1") == status::damaged);
}

TEST_CASE("a hostile but well-sealed directory cannot mint root, or give an account another's name") {
  const published directory(1);
  looks look;
  const auto put = [&](const row& r) {
    directory.put(directory.accounts_path(), make_image(file_kind::accounts, std::vector{r}));
  };
  SECTION("uid 0") {
    put(hostile_row("site_1", 0, "site_1:x:0:0:g:/h:/s"));
    CHECK(look.by_name(directory, "site_1") == status::damaged);
    CHECK(look.by_id(directory, 0) == status::not_found);
  }
  SECTION("root's name") {
    put(hostile_row("root", 20000, "root:x:20000:20000:g:/h:/s"));
    CHECK(look.by_name(directory, "root") == status::not_found);
    CHECK(look.by_id(directory, 20000) == status::damaged);
  }
  SECTION("another name under the key") {
    put(hostile_row("site_1", 20000, "site_2:x:20000:20000:g:/h:/s"));
    CHECK(look.by_name(directory, "site_1") == status::damaged);
  }
  SECTION("another id under the key") {
    put(hostile_row("site_1", 20000, "site_1:x:20001:20001:g:/h:/s"));
    CHECK(look.by_id(directory, 20000) == status::not_found);
  }
}

TEST_CASE("a newly published directory is seen by the next call") {
  const published directory(1);
  looks look;
  CHECK(look.by_name(directory, "site_2") == status::not_found);
  directory.publish(make_accounts(2));
  CHECK(look.by_name(directory, "site_2") == status::found);
  directory.publish({});
  CHECK(look.by_name(directory, "site_1") == status::not_found);
}
