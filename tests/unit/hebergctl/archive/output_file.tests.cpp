// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/archive/output_file.h"

#include "hebergctl/command.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

using namespace heberg;
using namespace heberg::ctl;
namespace fs = std::filesystem;

TEST_CASE("an output file is new, its caller's alone, and has its name when it is whole") {
  const test::temp_dir dir;
  test::write_file(dir / "a.tar.zst", "older");
  test::write_file(dir / "a.tar.zst.part", "of a killed run, still open elsewhere");
  struct stat before {};
  const unique_fd elsewhere(::open((dir / "a.tar.zst.part").c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(::fstat(elsewhere.get(), &before) == 0);
  {
    output_file file((dir / "a.tar.zst").string());
    struct stat status {};
    REQUIRE(::fstat(file.fd(), &status) == 0);
    CHECK(status.st_ino != before.st_ino);
    CHECK((status.st_mode & 07777) == 0600);
    REQUIRE(::write(file.fd(), "new", 3) == 3);
    CHECK(test::read_file(dir / "a.tar.zst") == "older");
    file.commit();
  }
  CHECK(test::read_file(dir / "a.tar.zst") == "new");
  { const output_file dropped((dir / "b").string()); }
  CHECK_FALSE(fs::exists(dir / "b.part"));
  CHECK_FALSE(fs::exists(dir / "b"));
}

TEST_CASE("an output file in a folder that others can write to is refused, in any folder above too") {
  const test::temp_dir dir;
  fs::create_directories(dir / "open/inner");
  const auto mode = GENERATE(0777, 0773);
  fs::permissions(dir / "open", static_cast<fs::perms>(mode));
  CHECK_THROWS_AS(output_file((dir / "open/a").string()), refused);
  CHECK_THROWS_AS(output_file((dir / "open/inner/a").string()), refused);
  fs::create_symlink(dir / "open/inner", dir / "link");
  CHECK_THROWS_AS(output_file((dir / "link/a").string()), refused);
  fs::permissions(dir / "open", static_cast<fs::perms>(01777));  // as /tmp
  CHECK_NOTHROW(output_file((dir / "open/a").string()));
}
