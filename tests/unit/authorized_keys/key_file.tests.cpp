// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pam_heberg/authorized_keys/key_file.h"

#include "pam_heberg/authorized_keys/key_lines.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

using namespace heberg::owner_keys;
using heberg::test::temp_dir;
using heberg::test::write_file;
namespace fs = std::filesystem;

namespace {

struct tree {
  temp_dir root;
  fs::path folder = root / "a" / ".ssh";
  fs::path file = folder / "authorized_keys";
  std::string text;
  tree() {
    fs::create_directories(folder);
    ::chmod(folder.c_str(), 0700);
  }
  read_result read() {
    text.assign(k_file_max, '\0');
    const auto result = read_key_file(root.path().c_str(), "a", ::geteuid(), text.data());
    text.resize(result.size);
    return result;
  }
  void put(const std::string& content) const {
    write_file(file, content);
    ::chmod(file.c_str(), 0600);
  }
};

}  // namespace

TEST_CASE_METHOD(tree, "a key file of the site's is read, up to its limit") {
  const auto size = GENERATE(std::size_t(0), std::size_t(100), k_file_max);
  put(std::string(size, 'x'));
  const auto result = read();
  CHECK(std::string(result.refused).empty());
  CHECK(text == std::string(size, 'x'));
}

TEST_CASE_METHOD(tree, "no file, and no folder, are no keys and no complaint") {
  SECTION("no file") {}
  SECTION("no folder") {
    fs::remove(folder);
  }
  SECTION("no tree") {
    fs::remove_all(root / "a");
  }
  const auto result = read();
  CHECK(std::string(result.refused).empty());
  CHECK(text.empty());
}

TEST_CASE_METHOD(tree, "what is no plain file of the site's alone is refused, and not waited for") {
  put("ssh-ed25519 AAAA\n");
  std::string reason;
  SECTION("too large") {
    REQUIRE(::truncate(file.c_str(), static_cast<off_t>(k_file_max) + 1) == 0);
    reason = "larger than 64 KB";
  }
  SECTION("1 TB without a byte of its own") {
    REQUIRE(::truncate(file.c_str(), off_t(1) << 40) == 0);
    reason = "larger than 64 KB";
  }
  SECTION("a link to it") {
    fs::rename(file, root / "elsewhere");
    fs::create_symlink(root / "elsewhere", file);
    reason = "symbolic link";
  }
  SECTION("a link to its folder") {
    fs::rename(folder, root / "b");
    fs::create_symlink("../b", folder);
    reason = "symbolic link";
  }
  SECTION("a fifo") {
    fs::remove(file);
    ::mkfifo(file.c_str(), 0600);
    reason = "not a regular file";
  }
  SECTION("a folder") {
    fs::remove(file);
    fs::create_directory(file);
    ::chmod(file.c_str(), 0700);
    reason = "not a regular file";
  }
  SECTION("others can write it") {
    ::chmod(file.c_str(), 0620);
    reason = "chmod 600";
  }
  SECTION("others can write its folder") {
    ::chmod(folder.c_str(), 0702);
    reason = "chmod 700";
  }
  const auto result = read();
  CHECK_THAT(result.refused, Catch::Contains(reason));
  CHECK(text.empty());
}

TEST_CASE_METHOD(tree, "a file of another user is refused") {
  if (::geteuid() != 0) return;  // who else could make one
  put("x");
  REQUIRE(::chown(file.c_str(), 20001, 20001) == 0);
  std::string buffer(k_file_max, '\0');
  REQUIRE(::chown(folder.c_str(), 20000, 20000) == 0);
  CHECK_THAT(read_key_file(root.path().c_str(), "a", 20000, buffer.data()).refused, Catch::Contains("not the site's"));
  REQUIRE(::chown(file.c_str(), 20000, 20000) == 0);
  CHECK(read_key_file(root.path().c_str(), "a", 20000, buffer.data()).size == 1);
}
