// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/archive/own_archives.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace heberg;
using namespace heberg::ctl;
namespace fs = std::filesystem;

namespace {

archive::contents make_contents(const std::string& image = "php:apache") {
  archive::contents made;
  made.about = {.site = "site_1",
                .uid = 20000,
                .is_locked = false,
                .lock_reason = {},
                .specification = R"({"image":")" + image + "\"}"};
  made.files["www/index.php"] = {'f', 3, std::string(64, 'a')};
  return made;
}

struct record_fixture {
  test::temp_dir dir;
  settings where;
  record_fixture() { where.state_dir = dir.path().string(); }
};

}  // namespace

TEST_CASE_METHOD(record_fixture, "an archive that this host made is known again, another one is not") {
  CHECK_FALSE(is_own_archive(where, make_contents()));
  remember_archive(where, make_contents());
  CHECK(is_own_archive(where, make_contents()));
  CHECK_FALSE(is_own_archive(where, make_contents("stranger/image")));
  auto other = make_contents();
  other.files["www/index.php"].sum = std::string(64, 'b');
  CHECK_FALSE(is_own_archive(where, other));
  CHECK((fs::status(dir / "archives.known").permissions() & fs::perms::mask) == fs::perms(0600));
}

TEST_CASE_METHOD(record_fixture,
                 "a record that was cut short, or is a link, vouches for nothing, and is written anew") {
  remember_archive(where, make_contents());
  const auto whole = test::read_file(dir / "archives.known");
  test::write_file(dir / "archives.known", whole.substr(0, 40));
  CHECK_FALSE(is_own_archive(where, make_contents()));
  test::write_file(dir / "elsewhere", whole);
  fs::remove(dir / "archives.known");
  fs::create_symlink(dir / "elsewhere", dir / "archives.known");
  CHECK_FALSE(is_own_archive(where, make_contents()));
  CHECK_THROWS_AS(remember_archive(where, make_contents()), std::system_error);
  fs::remove(dir / "archives.known");
  remember_archive(where, make_contents());
  CHECK(is_own_archive(where, make_contents()));
}
