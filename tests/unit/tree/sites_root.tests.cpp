// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/sites_root.h"

#include "support/fake_owners.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

using namespace heberg::tree;
using Catch::Contains;
using heberg::test::fake_owners;
using heberg::test::temp_dir;
namespace fs = std::filesystem;

namespace {

// A folder below the temporary one, whose own ancestors (/tmp is writable by everybody) are trusted.
struct root_fixture {
  temp_dir dir;
  fake_owners owners;
  std::string above = (dir / "srv").string();
  std::string path = (dir / "srv/sites").string();

  root_fixture() {
    fs::create_directory(above);
    mode(above, 0755);
  }
  void make() {
    fs::create_directory(path);
    mode(path, 0755);
  }
  static void mode(const std::string& folder, unsigned mode) { fs::permissions(folder, static_cast<fs::perms>(mode)); }

  std::string problem(make_root how = make_root::no) const {
    const auto opened = open_sites_root(path, owners, how, dir.path().string());
    const auto* found = std::get_if<root_problem>(&opened);
    return found == nullptr ? "" : found->reason;
  }
};

}  // namespace

TEST_CASE_METHOD(root_fixture, "a root's folder below root's folders is sound") {
  make();
  CHECK(problem().empty());
}

TEST_CASE_METHOD(root_fixture, "a missing root is made, 0755, and its parents are not") {
  CHECK_THAT(problem(), Contains("does not exist"));
  CHECK(problem(make_root::yes).empty());
  CHECK(fs::status(path).permissions() == static_cast<fs::perms>(0755));
  CHECK(problem(make_root::yes).empty());
  path = (dir / "absent/sites").string();
  CHECK_THAT(problem(make_root::yes), Contains("absent: No such file"));
}

TEST_CASE_METHOD(root_fixture, "the component that others can write to is named") {
  make();
  SECTION("the root itself, by its group") {
    mode(path, 0775);
    CHECK_THAT(problem(), Contains(path + " is writable by its group"));
  }
  SECTION("the folder above, by everybody") {
    mode(above, 0757);
    CHECK_THAT(problem(), Contains(above + " is writable by others"));
  }
  SECTION("a sticky bit does not help: sshd wants none either") {
    mode(above, 01777);
    CHECK_THAT(problem(), Contains(above + " is writable"));
  }
}

TEST_CASE_METHOD(root_fixture, "the component that is not root's is named") {
  make();
  const auto which = GENERATE(0, 1);
  const auto& folder = which == 0 ? path : above;
  owners.set(folder, {1000, 1000});
  CHECK_THAT(problem(), Contains(folder + " belongs to uid 1000"));
}

TEST_CASE_METHOD(root_fixture, "no component may be a link or a file") {
  SECTION("the last is a link") {
    fs::create_directory(dir / "real");
    fs::create_directory_symlink(dir / "real", path);
    CHECK_THAT(problem(make_root::yes), Contains("symbolic link or not a folder"));
  }
  SECTION("one before it is a link") {
    make();
    fs::create_directory_symlink(above, dir / "link");
    path = (dir / "link/sites").string();
    CHECK_THAT(problem(make_root::yes), Contains("link is a symbolic link"));
  }
  SECTION("it is a file") {
    heberg::test::write_file(path, "");
    CHECK_THAT(problem(make_root::yes), Contains("symbolic link or not a folder"));
  }
}

TEST_CASE_METHOD(root_fixture, "a relative path is refused") {
  path = "srv/sites";
  CHECK_THAT(problem(), Contains("not an absolute path"));
}

TEST_CASE("without a trusted prefix even / and /tmp are checked") {
  const temp_dir dir;
  fake_owners owners;
  CHECK(std::holds_alternative<root_problem>(open_sites_root(dir.path().string(), owners, make_root::no)));
}
