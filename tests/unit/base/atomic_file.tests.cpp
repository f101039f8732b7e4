// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/atomic_file.h"

#include "support/need_root.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

using heberg::atomic_file;
using heberg::unique_fd;
using heberg::test::open_folder;
using heberg::test::read_file;
using heberg::test::temp_dir;
using heberg::test::write_file;

namespace fs = std::filesystem;

namespace {

struct fixture {
  temp_dir dir;
  unique_fd folder = open_folder(dir.path());

  [[nodiscard]] int open(atomic_file& file, std::string_view name, mode_t mode = 0644) const {
    return file.open(folder.get(), name, mode, ::geteuid(), ::getegid());
  }
  [[nodiscard]] std::size_t count_files() const {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(dir.path())) ++n;
    return n;
  }
};

}  // namespace

TEST_CASE_METHOD(fixture,
                 "a committed file has its bytes and its mode, whatever the umask, and nothing is left beside it") {
  const mode_t before = ::umask(0077);
  atomic_file file;
  REQUIRE(open(file, "x", 0640) == 0);
  REQUIRE(file.write("hello ") == 0);
  REQUIRE(file.write("world") == 0);
  REQUIRE(file.commit() == 0);
  ::umask(before);
  CHECK(read_file(dir / "x") == "hello world");
  struct stat st {};
  REQUIRE(::stat((dir / "x").c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0640);
  CHECK(count_files() == 1);
}

TEST_CASE_METHOD(fixture, "before the commit readers see the old file, after it the new one") {
  write_file(dir / "x", "old");
  atomic_file file;
  REQUIRE(open(file, "x") == 0);
  REQUIRE(file.write("new") == 0);
  CHECK(read_file(dir / "x") == "old");
  REQUIRE(file.commit() == 0);
  CHECK(read_file(dir / "x") == "new");
}

TEST_CASE_METHOD(fixture, "what is not committed leaves the old file and no temporary one") {
  write_file(dir / "x", "old");
  {
    atomic_file file;
    REQUIRE(open(file, "x") == 0);
    REQUIRE(file.write("half") == 0);
  }
  CHECK(read_file(dir / "x") == "old");
  CHECK(count_files() == 1);
}

TEST_CASE_METHOD(fixture, "the left-over of a crash is replaced, and a link in its place is not followed") {
  write_file(dir / "elsewhere", "safe");
  SECTION("a file") {
    write_file(dir / ".x.tmp", "left over");
  }
  SECTION("a link") {
    fs::create_symlink(dir / "elsewhere", dir / ".x.tmp");
  }
  atomic_file file;
  REQUIRE(open(file, "x") == 0);
  REQUIRE(file.write("new") == 0);
  REQUIRE(file.commit() == 0);
  CHECK(read_file(dir / "x") == "new");
  CHECK(fs::is_regular_file(fs::symlink_status(dir / "x")));
  CHECK(read_file(dir / "elsewhere") == "safe");
}

TEST_CASE_METHOD(fixture, "a link in the target's place is replaced, not written through") {
  write_file(dir / "elsewhere", "safe");
  fs::create_symlink(dir / "elsewhere", dir / "x");
  atomic_file file;
  REQUIRE(open(file, "x") == 0);
  REQUIRE(file.write("new") == 0);
  REQUIRE(file.commit() == 0);
  CHECK(read_file(dir / "elsewhere") == "safe");
  CHECK(read_file(dir / "x") == "new");
}

TEST_CASE_METHOD(fixture, "a new file takes nobody's place: what is there by now stays, a link too") {
  atomic_file file;
  REQUIRE(open(file, "x") == 0);
  REQUIRE(file.write("new") == 0);
  SECTION("nothing") {
    CHECK(file.commit_new() == 0);
    CHECK(read_file(dir / "x") == "new");
  }
  SECTION("a file") {
    write_file(dir / "x", "old");
    CHECK(file.commit_new() == EEXIST);
    CHECK(read_file(dir / "x") == "old");
  }
  SECTION("a link to nowhere") {
    fs::create_symlink(dir / "nowhere", dir / "x");
    CHECK(file.commit_new() == EEXIST);
    CHECK(fs::is_symlink(dir / "x"));
  }
}

TEST_CASE_METHOD(fixture, "a name that is not one path component of at most 200 bytes is refused") {
  using namespace std::string_literals;
  for (const std::string& name : {""s, "."s, ".."s, "a/b"s, "/a"s, "a\0b"s, std::string(201, 'a')}) {
    INFO(name);
    atomic_file file;
    CHECK(open(file, name) == EINVAL);
  }
  atomic_file longest;
  CHECK(open(longest, std::string(200, 'a')) == 0);
}

TEST_CASE("each step that fails says why") {
  const temp_dir dir;
  const unique_fd folder = open_folder(dir.path());
  SECTION("no folder") {
    atomic_file file;
    CHECK(file.open(-1, "x", 0644, ::geteuid(), ::getegid()) == EBADF);
  }
  SECTION("a folder in the temporary file's place") {
    fs::create_directory(dir / ".x.tmp");
    atomic_file file;
    CHECK(file.open(folder.get(), "x", 0644, ::geteuid(), ::getegid()) != 0);
  }
  SECTION("the folder is gone before the commit") {
    fs::create_directory(dir / "sub");
    const unique_fd sub = open_folder(dir / "sub");
    atomic_file file;
    REQUIRE(file.open(sub.get(), "x", 0644, ::geteuid(), ::getegid()) == 0);
    fs::remove_all(dir / "sub");
    CHECK(file.commit() == ENOENT);
  }
  SECTION("a folder in the target's place") {
    fs::create_directory(dir / "x");
    atomic_file file;
    REQUIRE(file.open(folder.get(), "x", 0644, ::geteuid(), ::getegid()) == 0);
    CHECK(file.commit() == EISDIR);
  }
  SECTION("nothing was opened") {
    atomic_file file;
    CHECK(file.commit() == EBADF);
    CHECK(file.write("x") == EBADF);
  }
  SECTION("no space") {
    const unique_fd dev(::open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    atomic_file file;
    REQUIRE(file.open(folder.get(), "x", 0644, ::geteuid(), ::getegid()) == 0);
    const unique_fd full(::openat(dev.get(), "full", O_WRONLY | O_CLOEXEC));
    REQUIRE(::dup2(full.get(), file.fd()) >= 0);
    CHECK(file.write("x") == ENOSPC);
  }
}

TEST_CASE("the owner is set before the file can be seen") {
  NEED_ROOT();
  const temp_dir dir;
  const unique_fd folder = open_folder(dir.path());
  atomic_file file;
  REQUIRE(file.open(folder.get(), "x", 0640, 12345, 23456) == 0);
  REQUIRE(file.commit() == 0);
  struct stat st {};
  REQUIRE(::stat((dir / "x").c_str(), &st) == 0);
  CHECK(st.st_uid == 12345);
  CHECK(st.st_gid == 23456);
  CHECK((st.st_mode & 07777) == 0640);
}
