// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/password_file.h"

#include "support/fake_owners.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace heberg::tree;
using Catch::Contains;
using heberg::unique_fd;
using heberg::test::fake_owners;
using heberg::test::temp_dir;
using heberg::test::write_file;
namespace fs = std::filesystem;

namespace {

struct file_fixture {
  temp_dir dir;
  fake_owners owners;
  fs::path secrets = dir / "a/.heberg";
  fs::path path = secrets / "password";
  unique_fd root;
  unique_fd folder;

  file_fixture() {
    fs::create_directories(secrets);
    fs::permissions(secrets, static_cast<fs::perms>(0750));
    root = unique_fd(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    folder = open_secrets_folder(root.get(), "a");
    REQUIRE(folder);
  }
  void write(std::string_view text, unsigned mode = 0600) {
    write_file(path, text);
    fs::permissions(path, static_cast<fs::perms>(mode));
  }
  password_file_state read(const std::optional<fingerprint>& known = {}) {
    return read_password_file(folder.get(), known, owners);
  }
  std::string line() {
    const auto found = read();
    REQUIRE(std::holds_alternative<file_line>(found));
    return std::string(std::get<file_line>(found).line.view());
  }
  std::string refused() {
    const auto found = read();
    REQUIRE(std::holds_alternative<file_refused>(found));
    return std::get<file_refused>(found).reason;
  }
};

}  // namespace

TEST_CASE_METHOD(file_fixture, "the first line is the password, without its end") {
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"secret\n", "secret"},
      {"secret", "secret"},
      {"secret\r\n", "secret"},
      {"secret\nmore\n", "secret"},
      {" secret \n", " secret "},
      {"\nsecret\n", ""},
      {"\n", ""},
      {"", ""},
  }));
  write(text);
  CHECK(line() == expected);
}

TEST_CASE_METHOD(file_fixture, "a NUL byte stays, to be refused as a password") {
  write(std::string_view("a\0b\n", 4));
  CHECK(line() == std::string("a\0b", 3));
}

TEST_CASE_METHOD(file_fixture, "an absent file is absent") {
  CHECK(std::holds_alternative<file_absent>(read()));
}

TEST_CASE_METHOD(file_fixture, "a file that is as at the last read is not read again, a touched one is") {
  write("secret\n");
  const auto known = std::get<file_line>(read()).file;
  CHECK(std::holds_alternative<file_unchanged>(read(known)));
  fs::permissions(path, static_cast<fs::perms>(0400));  // ctime alone
  CHECK(std::holds_alternative<file_line>(read(known)));
}

TEST_CASE_METHOD(file_fixture, "what others than root could have read or written is refused") {
  SECTION("readable by its group") {
    write("secret", 0640);
    CHECK_THAT(refused(), Contains("open to others"));
  }
  SECTION("readable by everybody") {
    write("secret", 0604);
    CHECK_THAT(refused(), Contains("open to others"));
  }
  SECTION("writable by everybody") {
    write("secret", 0602);
    CHECK_THAT(refused(), Contains("open to others"));
  }
  SECTION("not root's") {
    write("secret");
    owners.set(path, {20000, 20000});
    CHECK_THAT(refused(), Contains("does not belong to root"));
  }
  SECTION("with a second link") {
    write("secret");
    fs::create_hard_link(path, dir / "other");
    CHECK_THAT(refused(), Contains("hard link"));
  }
  SECTION("in a folder that is not root's") {
    write("secret");
    owners.set(secrets, {20000, 20000});
    CHECK_THAT(refused(), Contains("folder .heberg does not belong to root"));
  }
  SECTION("in a folder that others can write to") {
    write("secret");
    fs::permissions(secrets, static_cast<fs::perms>(0770));
    CHECK_THAT(refused(), Contains("folder .heberg is writable"));
  }
}

TEST_CASE_METHOD(file_fixture, "what is no regular file is refused without being opened") {
  SECTION("a link") {
    write_file(dir / "elsewhere", "stolen");
    fs::create_symlink(dir / "elsewhere", path);
    CHECK_THAT(refused(), Contains("symbolic link"));
  }
  SECTION("a dangling link") {
    fs::create_symlink("nowhere", path);
    CHECK_THAT(refused(), Contains("symbolic link"));
  }
  SECTION("a folder") {
    fs::create_directory(path);
    CHECK_THAT(refused(), Contains("not a regular file"));
  }
  SECTION("a fifo: opening it would wait for its writer") {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK_THAT(refused(), Contains("not a regular file"));
  }
}

TEST_CASE_METHOD(file_fixture, "a file that is too large is refused") {
  write(std::string(4096, 'x'));
  CHECK(line().size() == 4096);
  write(std::string(4097, 'x'));
  CHECK_THAT(refused(), Contains("larger than 4096"));
}

TEST_CASE_METHOD(file_fixture, "a refusal names the file, so that it is reported once") {
  write("secret", 0644);
  const auto found = read();
  const auto& known = std::get<file_refused>(found).file;
  REQUIRE(known);
  CHECK(std::holds_alternative<file_unchanged>(read(known)));
}

TEST_CASE_METHOD(file_fixture, "the folder is reached through no link") {
  fs::create_directory_symlink(dir / "a", dir / "b");
  CHECK_FALSE(open_secrets_folder(root.get(), "b"));
  fs::create_directory(dir / "c");
  fs::create_directory_symlink(secrets, dir / "c/.heberg");
  CHECK_FALSE(open_secrets_folder(root.get(), "c"));
}

TEST_CASE_METHOD(file_fixture, "a stored password is root's, 0600, and read back as it was, its fingerprint too") {
  const auto stored = store_password(folder.get(), secret("made-up"), owners);
  CHECK(fs::status(path).permissions() == static_cast<fs::perms>(0600));
  CHECK(line() == "made-up");
  CHECK(std::holds_alternative<file_unchanged>(read(stored)));
  CHECK(std::distance(fs::directory_iterator(secrets), fs::directory_iterator()) == 1);
}

TEST_CASE_METHOD(file_fixture, "a password that the sysadmin wrote in the meantime stays, and none is stored") {
  write("the sysadmin's");
  CHECK_FALSE(store_password(folder.get(), secret("made-up"), owners));
  CHECK(line() == "the sysadmin's");
  CHECK(std::distance(fs::directory_iterator(secrets), {}) == 1);
}

TEST_CASE_METHOD(file_fixture, "a password that cannot be stored leaves nothing behind") {
  owners.changes_until_failure = 0;
  CHECK_THROWS_WITH(store_password(folder.get(), secret("made-up"), owners), Contains(".heberg/password"));
  CHECK(fs::is_empty(secrets));
}
