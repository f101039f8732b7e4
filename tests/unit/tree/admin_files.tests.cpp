// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/admin_files.h"

#include "base/unique_fd.h"
#include "support/fake_owners.h"
#include "support/temp_dir.h"
#include "tree/keys.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>

using namespace heberg;
using namespace heberg::tree;
using Catch::Contains;
using heberg::test::read_file;
using heberg::test::temp_dir;
using heberg::test::write_file;
namespace fs = std::filesystem;

namespace {

struct folder_fixture {
  temp_dir dir;
  test::fake_owners owners;
  unique_fd folder;

  folder_fixture() {
    fs::permissions(dir.path(), fs::perms(0750));
    folder = unique_fd(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  [[nodiscard]] mode_t mode_of(const char* name) const {
    struct stat file {};
    REQUIRE(::lstat((dir / name).c_str(), &file) == 0);
    return file.st_mode;
  }
};

}  // namespace

TEST_CASE_METHOD(folder_fixture, "keys come back as they were stored, readable by all, and none are an empty text") {
  CHECK(read_keys(folder.get(), owners).empty());
  replace_keys(folder.get(), "ssh-ed25519 x\n", owners);
  CHECK(read_keys(folder.get(), owners) == "ssh-ed25519 x\n");
  CHECK(mode_of("authorized_keys") == (S_IFREG | 0644));
}

TEST_CASE_METHOD(folder_fixture, "a password replaces whatever bears its name, and is for root alone") {
  write_file(dir / "target", "untouched");
  fs::create_symlink(dir / "target", dir / "password");
  replace_password(folder.get(), secret("new"), owners);
  CHECK(mode_of("password") == (S_IFREG | 0600));
  CHECK(read_file(dir / "password") == "new\n");
  CHECK(read_file(dir / "target") == "untouched");
}

TEST_CASE_METHOD(folder_fixture,
                 "a keys file that is a link, a fifo, hard-linked, another's or open to others is an error") {
  const auto path = dir / "authorized_keys";
  SECTION("a link") {
    write_file(dir / "target", "x");
    fs::create_symlink("target", path);
  }
  SECTION("a fifo") {
    REQUIRE(::mkfifo(path.c_str(), 0644) == 0);
  }
  SECTION("hard-linked") {
    write_file(dir / "target", "x");
    fs::create_hard_link(dir / "target", path);
  }
  SECTION("another's") {
    write_file(path, "x");
    owners.set(path, {20000, 20000});
  }
  SECTION("writable by its group") {
    write_file(path, "x");
    fs::permissions(path, fs::perms(0664));
  }
  SECTION("too large") {
    write_file(path, std::string(k_keys_file_max + 1, 'x'));
  }
  CHECK_THROWS(read_keys(folder.get(), owners));
}

TEST_CASE_METHOD(folder_fixture, "nothing is written into a folder that is not root's alone") {
  SECTION("another's") {
    owners.set(dir.path(), {20000, 20000});
  }
  SECTION("writable by its group") {
    fs::permissions(dir.path(), fs::perms(0770));
  }
  CHECK_THROWS_WITH(replace_password(folder.get(), secret("new"), owners), Contains(".heberg does not belong to root"));
  CHECK_THROWS_WITH(replace_keys(folder.get(), "x", owners), Contains(".heberg does not belong to root"));
  CHECK(fs::is_empty(dir.path()));
}
