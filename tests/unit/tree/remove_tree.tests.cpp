// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/remove_tree.h"

#include "base/unique_fd.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <system_error>

using namespace heberg;
using heberg::test::open_folder;
using heberg::test::temp_dir;
using heberg::tree::remove_tree;
namespace fs = std::filesystem;

TEST_CASE("a tree goes with all that is in it, and what its links point to stays") {
  const temp_dir dir;
  fs::create_directories(dir / "tree/a/b/c");
  fs::create_directory(dir / "outside");
  test::write_file(dir / "outside/file", "stays");
  test::write_file(dir / "tree/a/file", "goes");
  fs::create_directory_symlink(dir / "outside", dir / "tree/a/link");
  REQUIRE(::mkfifo((dir / "tree/a/b/fifo").c_str(), 0600) == 0);
  const auto folder = open_folder(dir.path());
  remove_tree(folder.get(), "tree");
  CHECK_FALSE(fs::exists(dir / "tree"));
  CHECK(fs::exists(dir / "outside/file"));
  CHECK_NOTHROW(remove_tree(folder.get(), "tree"));  // again is no error
}

TEST_CASE("a tree deeper than any path is long, and than there are descriptors, goes too") {
  const temp_dir dir;
  auto here = open_folder(dir.path());
  for (int depth = 0; depth < 3000; ++depth) {
    REQUIRE(::mkdirat(here.get(), "deep", 0755) == 0);
    here = unique_fd(::openat(here.get(), "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(here);
  }
  remove_tree(open_folder(dir.path()).get(), "deep");
  CHECK(fs::is_empty(dir.path()));
}

TEST_CASE("a link in the tree's place is not followed") {
  const temp_dir dir;
  fs::create_directory(dir / "outside");
  test::write_file(dir / "outside/file", "stays");
  fs::create_directory_symlink("outside", dir / "tree");
  CHECK_THROWS_AS(remove_tree(open_folder(dir.path()).get(), "tree"), std::system_error);
  CHECK(fs::exists(dir / "outside/file"));
}
