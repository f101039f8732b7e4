// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/writer.h"

#include "support/need_root.h"
#include "support/published.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <stdexcept>
#include <system_error>

using namespace heberg::directory;
using heberg::test::make_account;
using heberg::test::make_accounts;
using heberg::test::own;
using heberg::test::published;
using heberg::test::read_file;
using heberg::test::temp_dir;

namespace fs = std::filesystem;

namespace {

struct stat stat_of(const fs::path& path) {
  struct stat st {};
  REQUIRE(::stat(path.c_str(), &st) == 0);
  return st;
}

}  // namespace

TEST_CASE("the folder is made, and the files have their modes, whatever the umask") {
  const temp_dir dir;
  const mode_t before = ::umask(0077);
  CHECK(publish(dir / "directory", make_accounts(3), own()));
  ::umask(before);
  CHECK((stat_of(dir / "directory").st_mode & 07777) == 0755);
  CHECK((stat_of(dir / "directory/accounts.cdb").st_mode & 07777) == 0644);
  CHECK((stat_of(dir / "directory/shadow.cdb").st_mode & 07777) == 0640);
}

TEST_CASE("the files go to their owner and groups") {
  NEED_ROOT();
  const temp_dir dir;
  publish(dir / "directory", make_accounts(1), {0, 0, 42});
  CHECK(stat_of(dir / "directory/accounts.cdb").st_gid == 0);
  CHECK(stat_of(dir / "directory/shadow.cdb").st_gid == 42);
}

TEST_CASE("what is published already is left alone") {
  const published directory(100);
  const auto before = stat_of(directory.accounts_path());
  const auto shadow_before = stat_of(directory.shadow_path());
  CHECK_FALSE(directory.publish(make_accounts(100)));
  CHECK(stat_of(directory.accounts_path()).st_ino == before.st_ino);

  std::vector<account> accounts = make_accounts(100);
  accounts[0].hash = "$y$new";
  CHECK(directory.publish(accounts));
  CHECK(stat_of(directory.accounts_path()).st_ino == before.st_ino);
  CHECK(stat_of(directory.shadow_path()).st_ino != shadow_before.st_ino);
}

TEST_CASE("a file that readers would not take is written again, though its bytes are right") {
  const published directory(10);
  SECTION("mode") {
    fs::permissions(directory.accounts_path(), fs::perms(0666));
  }
  SECTION("a hash file that everybody can read") {
    fs::permissions(directory.shadow_path(), fs::perms(0644));
  }
  SECTION("a link") {
    fs::rename(directory.accounts_path(), directory.accounts_path() + ".real");
    fs::create_symlink(directory.accounts_path() + ".real", directory.accounts_path());
  }
  SECTION("one byte differs") {
    std::string bytes = read_file(directory.accounts_path());
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    directory.put(directory.accounts_path(), bytes);
  }
  SECTION("cut") {
    fs::resize_file(directory.accounts_path(), 100);
  }
  SECTION("gone") {
    fs::remove(directory.shadow_path());
  }
  CHECK(directory.publish(make_accounts(10)));
  CHECK_FALSE(directory.publish(make_accounts(10)));
}

TEST_CASE("one bad account and nothing is written") {
  const published directory(10);
  const std::string before = read_file(directory.accounts_path());
  std::vector<account> accounts = make_accounts(11);
  accounts[10].name = "root";
  CHECK_THROWS_AS(directory.publish(accounts), std::invalid_argument);
  CHECK(read_file(directory.accounts_path()) == before);
}

TEST_CASE("where the world is broken it says what and why, and the old file stays") {
  SECTION("no parent folder") {
    const temp_dir dir;
    CHECK_THROWS_WITH(publish(dir / "a/b", make_accounts(1), own()),
                      Catch::Contains("a/b") && Catch::Contains("No such file"));
  }
  SECTION("a file in the folder's place") {
    const temp_dir dir;
    heberg::test::write_file(dir / "file", "");
    CHECK_THROWS_AS(publish(dir / "file", make_accounts(1), own()), std::system_error);
  }
  SECTION("a folder in a file's place: the hashes went first, the accounts stay as they were") {
    const published directory(1);
    fs::remove(directory.accounts_path());
    fs::create_directory(directory.accounts_path());
    const auto shadow_before = stat_of(directory.shadow_path());
    CHECK_THROWS_WITH(directory.publish(make_accounts(2)), Catch::Contains("accounts.cdb"));
    CHECK(stat_of(directory.shadow_path()).st_ino != shadow_before.st_ino);
    for (const auto& entry : fs::directory_iterator(directory.folder())) CHECK(entry.path().extension() != ".tmp");
  }
}
