// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/site_trees.h"

#include "support/fake_owners.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

using namespace heberg::tree;
using Catch::Contains;
using heberg::unique_fd;
using heberg::test::fake_owners;
using heberg::test::temp_dir;
using heberg::test::write_file;
namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t k_id = 20000;

struct tree_fixture {
  temp_dir dir;
  fake_owners owners;
  site_trees trees = open();

  site_trees open() {
    const int fd = ::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    return {std::make_shared<const unique_fd>(fd), "/sites", owners};
  }
  std::string make() { return join(trees.make("a", k_id)); }
  std::string inspect() { return join(trees.inspect("a", k_id)); }
  site_owners find_owners() const {
    site_owners found;
    trees.find_owners(found);
    return found;
  }
  static std::string join(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
  }
  // What ls(1) would say: "20000:20000 2755"
  std::string state(const std::string& path) {
    struct stat file {};
    if (::lstat((dir / path).c_str(), &file) != 0) return "missing";
    const auto owner = owners.of(file);
    char text[64];
    std::snprintf(text, sizeof text, "%u:%u %04o", owner.uid, owner.gid, file.st_mode & 07777);
    return text;
  }
  void require_sound() {
    CHECK(state("a") == "0:20000 0750");
    CHECK(state("a/www") == "20000:20000 2755");
    CHECK(state("a/logs") == "0:20000 0750");
    CHECK(state("a/.ssh") == "20000:20000 0700");
    CHECK(state("a/.heberg") == "0:20000 0750");
    CHECK(state("a/dev") == "0:20000 0755");
  }
  void folder(const std::string& path, unsigned mode = 0755) {
    fs::create_directories(dir / path);
    fs::permissions(dir / path, static_cast<fs::perms>(mode));
  }
};

}  // namespace

TEST_CASE_METHOD(tree_fixture,
                 "a site's tree is made with the owners and modes of the design, and a second pass changes nothing") {
  CHECK(make().empty());
  require_sound();
  CHECK(make().empty());
  CHECK(inspect().empty());
  require_sound();
}

TEST_CASE_METHOD(tree_fixture, "a top that others can pass, as earlier versions made it, is closed to them") {
  CHECK(make().empty());
  fs::permissions(dir / "a", static_cast<fs::perms>(0751));
  CHECK_THAT(inspect(), Contains("/sites/a has mode 0751, should have 0750"));
  CHECK(make().empty());
  require_sound();
}

TEST_CASE_METHOD(tree_fixture, "what the engine made for a mount counts as missing") {
  SECTION("of www") {
    folder("a/www");
  }
  SECTION("of the tree itself") {
    folder("a");
  }
  CHECK(make().empty());
  require_sound();
}

TEST_CASE_METHOD(tree_fixture,
                 "a www with something in it is left alone and reported, its tree's top is closed all the same") {
  folder("a/www");
  write_file(dir / "a/www/index.php", "");
  CHECK_THAT(make(), Contains("/sites/a/www belongs to 0:0, should belong to 20000:20000") &&
                         Contains("/sites/a/www has mode 0755") && !Contains("/sites/a belongs to"));
  CHECK(state("a/www") == "0:0 0755");
  CHECK(state("a") == "0:20000 0750");
  CHECK(state("a/.heberg") == "0:20000 0750");
}

TEST_CASE_METHOD(tree_fixture, "a foreign owner is left alone and reported, also where the folder is empty") {
  folder("a/www");
  owners.set(dir / "a/www", {33, 33});
  CHECK_THAT(make(), Contains("/sites/a/www belongs to 33:33, should belong to 20000:20000"));
  CHECK(state("a/www") == "33:33 0755");
}

TEST_CASE_METHOD(tree_fixture, "another mode than the design's is left alone and reported") {
  REQUIRE(make().empty());
  fs::permissions(dir / "a/logs", static_cast<fs::perms>(0777));
  CHECK_THAT(make(), Contains("/sites/a/logs has mode 0777, should have 0750"));
  CHECK(state("a/logs") == "0:20000 0777");
}

TEST_CASE_METHOD(tree_fixture,
                 "repair sets owners and modes right, makes what is missing, and leaves what is inside alone") {
  CHECK(make().empty());
  write_file(dir / "a/www/index.php", "");
  const auto page = state("a/www/index.php");
  const unique_fd www(::open((dir / "a/www").c_str(), O_RDONLY | O_DIRECTORY));
  REQUIRE(owners.change(www.get(), {0, 0}) == 0);
  fs::permissions(dir / "a/logs", fs::perms::all);
  fs::permissions(dir / "a", fs::perms::all);
  fs::remove(dir / "a/.ssh");
  REQUIRE_FALSE(inspect().empty());
  CHECK(join(trees.repair("a", k_id)).empty());
  require_sound();
  CHECK(state("a/www/index.php") == page);
}

TEST_CASE_METHOD(tree_fixture, "a link in a folder's place is reported, and nothing happens where it leads") {
  const temp_dir outside;
  REQUIRE(make().empty());
  const auto which = GENERATE(as<std::string>(), "a/www", "a/logs", "a/.ssh", "a/.heberg", "a");
  fs::remove_all(dir / which);
  fs::create_directory_symlink(outside.path(), dir / which);
  CHECK_THAT(make(), Contains("/sites/" + which + " is a symbolic link: not followed"));
  CHECK_THAT(join(trees.repair("a", k_id)), Contains("/sites/" + which + " is a symbolic link: not followed"));
  CHECK(fs::is_empty(outside.path()));
  CHECK(owners.of(outside.path()) == file_owner{0, 0});
}

TEST_CASE_METHOD(tree_fixture, "a file in a folder's place is reported") {
  REQUIRE(make().empty());
  fs::remove(dir / "a/logs");
  write_file(dir / "a/logs", "x");
  CHECK_THAT(make(), Contains("/sites/a/logs is not a folder"));
}

TEST_CASE_METHOD(tree_fixture, "interrupted after any change of ownership, the next pass finishes the tree") {
  if (GENERATE(false, true)) folder("a/www");
  owners.changes_until_failure = GENERATE(range(0, 5));
  CHECK_THAT(make(), Contains("chown"));
  owners.changes_until_failure = -1;
  CHECK(make().empty());
  require_sound();
}

TEST_CASE_METHOD(tree_fixture, "interrupted right after a mkdir, the next pass finishes the tree") {
  folder("a", 0700);
  SECTION("of the top") {}
  SECTION("of a folder below the finished top") {
    make();
    fs::remove(dir / "a/.heberg");
    folder("a/.heberg", 0700);
    owners.set(dir / "a/.heberg", {0, 0});
  }
  CHECK(make().empty());
  require_sound();
}

TEST_CASE_METHOD(tree_fixture, "inspect() makes nothing and names what is missing") {
  CHECK(inspect() == "/sites/a is missing\n");
  CHECK(state("a") == "missing");
  REQUIRE(make().empty());
  fs::remove(dir / "a/.ssh");
  CHECK(inspect() == "/sites/a/.ssh is missing\n");
}

TEST_CASE_METHOD(tree_fixture, "whose a tree is, its www folder and its top folder say, through no link") {
  folder("a/www");
  owners.set(dir / "a/www", {20007, 20007});
  fs::create_directory_symlink(dir / "a", dir / "b");
  folder("c");
  fs::create_directory_symlink(dir / "a/www", dir / "c/www");
  folder("d/www");
  owners.set(dir / "d", {0, 20009});
  owners.set(dir / "d/www", {20008, 20008});
  folder("e");
  owners.set(dir / "e", {20010, 20010});
  folder(".archive/www");
  owners.set(dir / ".archive/www", {20011, 1});
  CHECK(find_owners() == site_owners{{"a", {20007, {}}}, {"b", {}}, {"c", {}}, {"d", {20008, 20009}}, {"e", {}}});
}

TEST_CASE_METHOD(tree_fixture, "a tree that comes later is found, its owner too where he comes last") {
  folder("a/www");
  owners.set(dir / "a/www", {20007, 20007});
  auto known = find_owners();
  folder("b/www");
  trees.find_owners(known);
  CHECK(known.at("b").www == 0u);
  owners.set(dir / "b/www", {20008, 20008});
  trees.find_owners(known);
  CHECK(known.at("b").www == 20008u);
}

TEST_CASE_METHOD(tree_fixture,
                 "a tree's dev/log is the socket, also after it was bound anew, and never where others could write") {
  const auto is_linked = [this] {
    struct stat a {
    }, b{};
    return ::lstat((dir / "a/dev/log").c_str(), &a) == 0 && ::lstat((dir / ".sftp-log").c_str(), &b) == 0 &&
           a.st_ino == b.st_ino;
  };
  const unique_fd root(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  CHECK(make().empty());
  CHECK_FALSE(fs::exists(dir / "a/dev/log"));
  trees.use_log_socket(std::make_shared<const log_socket>(root.get()));
  CHECK(make().empty());
  CHECK(is_linked());
  trees.use_log_socket(std::make_shared<const log_socket>(root.get()));
  CHECK_FALSE(is_linked());
  CHECK(make().empty());
  CHECK(is_linked());
  CHECK(std::distance(fs::directory_iterator(dir / "a/dev"), {}) == 1);

  SECTION("a file of somebody's") {
    fs::remove(dir / "a/dev/log");
    write_file(dir / "a/dev/log", "kept");
    CHECK_THAT(make(), Contains("/sites/a/dev/log is not a socket"));
    CHECK(fs::is_regular_file(dir / "a/dev/log"));
  }
  SECTION("a folder that the site's group could write to") {
    fs::remove(dir / "a/dev/log");
    fs::permissions(dir / "a/dev", static_cast<fs::perms>(0775));
    CHECK_THAT(make(), Contains("/sites/a/dev has mode 0775"));
    CHECK_FALSE(fs::exists(dir / "a/dev/log"));
  }
  SECTION("a link in the folder's place") {
    fs::remove_all(dir / "a/dev");
    fs::create_directory(dir / "elsewhere");
    fs::create_directory_symlink(dir / "elsewhere", dir / "a/dev");
    CHECK_THAT(make(), Contains("/sites/a/dev is a symbolic link"));
    CHECK(fs::is_empty(dir / "elsewhere"));
  }
}
