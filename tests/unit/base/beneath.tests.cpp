// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/beneath.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

using heberg::open_beneath;
using heberg::unique_fd;
using heberg::test::temp_dir;
using heberg::test::write_file;

namespace fs = std::filesystem;

namespace {

// A site's tree as its owner may have left it, and a secret outside.
struct fixture {
  temp_dir dir;
  unique_fd tree;

  fixture() {
    write_file(dir / "secret", "root only");
    fs::create_directories(dir / "site/www/sub");
    write_file(dir / "site/www/index.php", "hello");
    fs::create_symlink("../../secret", dir / "site/www/up");
    fs::create_symlink(dir / "secret", dir / "site/www/absolute");
    fs::create_symlink("index.php", dir / "site/www/inside");
    fs::create_symlink("www", dir / "site/folder");
    fs::create_symlink("/proc/self/root", dir / "site/www/magic");
    tree = unique_fd(::open((dir / "site").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  [[nodiscard]] int error_of(const char* path, int flags = O_RDONLY) const {
    errno = 0;
    return open_beneath(tree.get(), path, flags, 0600) ? 0 : errno;
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a path inside the folder opens, and is closed on exec") {
  const unique_fd fd = open_beneath(tree.get(), "www/index.php", O_RDONLY);
  REQUIRE(fd);
  CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(error_of("www/sub/../index.php") == 0);
}

TEST_CASE_METHOD(fixture, "no link is followed, wherever it points and wherever it stands in the path") {
  for (const char* path :
       {"www/up", "www/absolute", "www/inside", "folder/index.php", "www/magic", "www/magic/etc/passwd"}) {
    INFO(path);
    CHECK(error_of(path) == ELOOP);
    CHECK(error_of(path, O_WRONLY | O_CREAT) == ELOOP);
  }
}

TEST_CASE_METHOD(fixture, "no path leaves the folder") {
  for (const char* path : {"..", "../secret", "www/../../secret", "/etc/passwd", "/"}) {
    INFO(path);
    CHECK(error_of(path) == EXDEV);
  }
}

TEST_CASE_METHOD(fixture, "a new file gets its mode, and a mode is ignored where nothing is made") {
  const mode_t before = ::umask(0);
  const unique_fd made = open_beneath(tree.get(), "www/new", O_WRONLY | O_CREAT | O_EXCL, 0640);
  ::umask(before);
  REQUIRE(made);
  struct stat st {};
  REQUIRE(::fstat(made.get(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0640);
  CHECK(open_beneath(tree.get(), "www/new", O_RDONLY, 0640));
}

TEST_CASE_METHOD(fixture, "what is missing says ENOENT") {
  CHECK(error_of("www/absent") == ENOENT);
}
