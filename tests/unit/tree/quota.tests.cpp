// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/quota.h"

#include "support/fake_owners.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <unistd.h>

using namespace heberg::tree;
using namespace std::chrono_literals;
using heberg::test::fake_owners;
using heberg::test::open_folder;
using heberg::test::temp_dir;
using heberg::test::write_file;
namespace fs = std::filesystem;

TEST_CASE("a quota is read from text and printed so that it is read again") {
  CHECK(parse_quota("none") == quota{});
  CHECK(parse_quota("5000") == quota{5000, 0});
  CHECK(parse_quota("5g") == quota{5ULL << 30U, 0});
  CHECK(parse_quota("2k,7") == quota{2048, 7});
  CHECK(parse_quota("0,7") == quota{0, 7});
  for (const auto* bad :
       {"", "g", "-1", "5x", "5G", "1,", ",1", "1,2,3", " 1", "1 ", "99999999999t", "99999999999999999999", "1,2k"}) {
    INFO(bad);
    CHECK_FALSE(parse_quota(bad));
  }
  for (const auto& one : {quota{}, quota{5, 0}, quota{5, 6}, quota{0, 6}}) CHECK(parse_quota(print_quota(one)) == one);
  CHECK(print_bytes(0) == "0 B");
  CHECK(print_bytes(1536) == "1.5 KiB");
  CHECK(print_bytes(UINT64_MAX) == "16777216.0 TiB");
}

TEST_CASE("the share of a quota is the fuller of bytes and files") {
  CHECK_FALSE(used_share({100, 100}, {}));
  CHECK(used_share({80, 5}, {100, 0}) == 80U);
  CHECK(used_share({80, 9}, {100, 10}) == 90U);
  CHECK(used_share({200, 0}, {100, 10}) == 200U);
  CHECK(used_share({UINT64_MAX, 0}, {1, 0}) == 1'000'000U);
}

TEST_CASE("www and .ssh count, a file with two names once, through no link, and not for ever") {
  const temp_dir dir;
  for (const auto* folder : {"a/www/deep", "a/logs", "a/.ssh", "b/www"}) fs::create_directories(dir / folder);
  write_file(dir / "a/www/one", std::string(100'000, 'x'));
  write_file(dir / "a/logs/access.log", std::string(100'000, 'x'));
  write_file(dir / "b/www/other", std::string(100'000, 'x'));
  const auto root = open_folder(dir.path());
  const auto before = measure_use(root.get(), "a", 10s);
  CHECK(before.files == 4);  // www, deep, one, .ssh
  CHECK(before.bytes >= 100'000);
  CHECK(before.bytes < 150'000);
  CHECK(before.is_complete);
  fs::create_hard_link(dir / "a/www/one", dir / "a/www/two");
  fs::create_directory_symlink(dir / "b/www", dir / "a/www/link");
  const auto after = measure_use(root.get(), "a", 10s);
  CHECK(after.files == 5);  // the link
  CHECK(after.bytes < before.bytes + 50'000);
  std::string deep = (dir / "a/www/deep").string();
  for (int i = 0; i < 250; ++i) fs::create_directory(deep += "/d");
  CHECK_FALSE(measure_use(root.get(), "a", 10s).is_complete);
  for (int i = 0; i < 1500; ++i) write_file(dir / ("b/www/f" + std::to_string(i)), "");
  CHECK_FALSE(measure_use(root.get(), "b", 0s).is_complete);
  CHECK_FALSE(measure_use(root.get(), "none", 10s).is_complete);
}

TEST_CASE("a site's own quota is believed only as a file of root's") {
  const temp_dir dir;
  fake_owners owners;
  const auto folder = open_folder(dir.path());
  CHECK_FALSE(read_quota(folder.get(), owners));
  store_quota(folder.get(), quota{5, 6});
  CHECK(read_quota(folder.get(), owners) == quota{5, 6});
  owners.set(dir / "quota", {20000, 20000});
  CHECK_FALSE(read_quota(folder.get(), owners));
  store_quota(folder.get(), std::nullopt);
  store_quota(folder.get(), std::nullopt);
  CHECK_FALSE(fs::exists(dir / "quota"));
  write_file(dir / "elsewhere", "5,6");
  fs::create_symlink("elsewhere", dir / "quota");
  CHECK_FALSE(read_quota(folder.get(), owners));
}
