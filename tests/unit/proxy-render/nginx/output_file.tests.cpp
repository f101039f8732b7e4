// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/output_file.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <system_error>

using heberg::proxy::output_file;
using heberg::proxy::replace_file;
namespace test = heberg::test;

TEST_CASE("what is staged is not in place, and is not what an include of *.conf takes") {
  const test::temp_dir folder;
  test::write_file(folder / "a.conf", "old");
  output_file output(folder / "a.conf");
  const auto staged = output.stage("new");
  CHECK(staged == (folder / ".a.conf.tmp").string());
  CHECK(test::read_file(staged) == "new");
  CHECK(output.read() == "old");
  output.commit();
  CHECK(output.read() == "new");
  CHECK_FALSE(std::filesystem::exists(staged));
  struct stat file {};
  REQUIRE(::stat((folder / "a.conf").c_str(), &file) == 0);
  CHECK((file.st_mode & 07777U) == 0644);
}

TEST_CASE("what is staged and discarded, or forgotten, leaves nothing") {
  const test::temp_dir folder;
  {
    output_file output(folder / "a.conf");
    static_cast<void>(output.stage("new"));
    static_cast<void>(output.stage("newer"));
    output.discard();
    CHECK_FALSE(std::filesystem::exists(folder / ".a.conf.tmp"));
    static_cast<void>(output.stage("newest"));
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a missing folder, and a commit of nothing, are errors that name the file") {
  const test::temp_dir folder;
  output_file output(folder / "no" / "a.conf");
  CHECK_THROWS_AS(output.stage("x"), std::system_error);
  CHECK(output.read() == std::nullopt);
  CHECK_THROWS_AS(output.commit(), std::system_error);
  CHECK_THROWS_AS(output.set_reload_pending(), std::system_error);
}

TEST_CASE("a pending reload outlives the object") {
  const test::temp_dir folder;
  CHECK_FALSE(output_file(folder / "a").is_reload_pending());
  output_file(folder / "a").set_reload_pending();
  CHECK(output_file(folder / "a").is_reload_pending());
  output_file(folder / "a").clear_pending_reload();
  CHECK_FALSE(output_file(folder / "a").is_reload_pending());
  CHECK_NOTHROW(output_file(folder / "a").clear_pending_reload());
}

TEST_CASE("an equal file is not written again") {
  const test::temp_dir folder;
  replace_file(folder / "hosts", "x");
  struct stat before {};
  struct stat after {};
  REQUIRE(::stat((folder / "hosts").c_str(), &before) == 0);
  replace_file(folder / "hosts", "x");
  REQUIRE(::stat((folder / "hosts").c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
  replace_file(folder / "hosts", "y");
  CHECK(test::read_file(folder / "hosts") == "y");
}
