// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive/pack.h"
#include "archive/unpack.h"
#include "archive/walk.h"
#include "base/unique_fd.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <map>

using namespace heberg;
using namespace heberg::archive;
using Catch::Contains;
using heberg::test::open_folder;
using heberg::test::read_file;
using heberg::test::temp_dir;
using heberg::test::write_file;
namespace fs = std::filesystem;

namespace {

const head k_about{.site = "site_1", .uid = 20000, .is_locked = false, .lock_reason = "", .specification = "{}"};

pack_result pack_to(const fs::path& file, const fs::path& tree) {
  const unique_fd out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  return pack(k_about, open_folder(tree).get(), out.get());
}

contents unpack_from(const fs::path& file, const fs::path& folder) {
  const unique_fd in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  auto known = validate(in.get(), {});
  fs::create_directory(folder);
  unpack(in.get(), known, open_folder(folder).get(), {.uid = 0, .is_changed = false});
  return known;
}

struct stat status_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status;
}

}  // namespace

TEST_CASE("what an account cannot read by owner, group and mode is left out, a folder with all that is in it") {
  struct row {
    std::uint32_t uid, gid;
    mode_t mode;
    bool is_readable;
  };
  const row rows[] = {
      {7, 8, S_IFREG | 0400, true},  {7, 8, S_IFREG | 0044, false}, {9, 8, S_IFREG | 0040, true},
      {9, 8, S_IFREG | 0404, false}, {0, 0, S_IFREG | 0004, true},  {0, 0, S_IFREG | 0640, false},
      {7, 8, S_IFDIR | 0500, true},  {7, 8, S_IFDIR | 0400, false}, {0, 0, S_IFDIR | 0711, false},
  };
  for (const auto& row : rows) {
    INFO(row.uid << ":" << row.gid << " " << std::oct << row.mode);
    struct stat file {};
    file.st_uid = row.uid;
    file.st_gid = row.gid;
    file.st_mode = row.mode;
    CHECK(can_read({.uid = 7, .gid = 8}, file) == row.is_readable);
  }

  const temp_dir dir;
  fs::create_directories(dir / "tree/closed");
  write_file(dir / "tree/closed/inner", "secret");
  write_file(dir / "tree/open", "text");
  write_file(dir / "tree/shut", "secret");
  fs::permissions(dir / "tree/open", fs::perms(0644));
  fs::permissions(dir / "tree/shut", fs::perms(0600));
  fs::permissions(dir / "tree/closed", fs::perms(0700));
  const unique_fd out(::open((dir / "a").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  auto most = k_no_limits;
  most.readable_by = account_ids{.uid = 4'000'000, .gid = 4'000'000};
  const auto packed = pack(k_about, open_folder(dir / "tree").get(), out.get(), compression::zstd, {}, most);
  CHECK(packed.packed.size() == 2);  // the top, and:
  CHECK(packed.packed.contains("open"));
  CHECK(packed.left_out == std::vector<std::pair<std::string, std::string>>{{"closed", "its account cannot read it"},
                                                                            {"shut", "its account cannot read it"}});
}

TEST_CASE("a tree comes back as it was: contents, modes, times, links, holes, names in any bytes") {
  const temp_dir dir;
  const auto tree = dir / "tree";
  fs::create_directories(tree / "www/empty");
  write_file(tree / "www/index.php", "<?php echo 1;");
  write_file(tree / "www/name \xff\xfe\n%", "bytes");
  write_file(tree / ("www/" + std::string(250, 'n')), "long");
  write_file(tree / "www/large", std::string(3'000'000, 'x'));
  fs::create_hard_link(tree / "www/large", tree / "www/second");
  fs::create_symlink("../www/index.php", tree / "www/link");
  {
    const unique_fd sparse(::open((tree / "www/sparse").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
    REQUIRE(::ftruncate(sparse.get(), 64 << 20) == 0);
    REQUIRE(::pwrite(sparse.get(), "middle", 6, 32 << 20) == 6);
    const unique_fd hole(::open((tree / "www/hole").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
    REQUIRE(::ftruncate(hole.get(), 1 << 20) == 0);
  }
  const bool has_attributes = ::setxattr((tree / "www/index.php").c_str(), "user.note", "x\0y", 3, 0) == 0;
  fs::permissions(tree / "www", fs::perms(02755));
  fs::permissions(tree / "www/index.php", fs::perms(0604));
  const timespec times[2] = {{1, 0}, {1'600'000'000, 123'456'789}};
  ::utimensat(AT_FDCWD, (tree / "www/empty").c_str(), times, 0);

  const auto packed = pack_to(dir / "a.tar.zst", tree);
  CHECK(packed.left_out.empty());
  CHECK(fs::file_size(dir / "a.tar.zst") < 1'000'000);
  const auto known = unpack_from(dir / "a.tar.zst", dir / "back");
  CHECK(known.about == k_about);
  CHECK(known.files == packed.packed);

  for (const auto& entry : fs::recursive_directory_iterator(tree)) {
    const auto back = dir / "back" / entry.path().lexically_relative(tree);
    INFO(back);
    const auto was = status_of(entry.path());
    const auto now = status_of(back);
    CHECK(now.st_mode == was.st_mode);
    CHECK(now.st_mtim.tv_sec == was.st_mtim.tv_sec);
    CHECK(now.st_mtim.tv_nsec == was.st_mtim.tv_nsec);
    CHECK(now.st_size == was.st_size);
    if (entry.is_symlink()) CHECK(fs::read_symlink(back) == fs::read_symlink(entry.path()));
    if (entry.is_regular_file() && !entry.is_symlink()) CHECK(read_file(back) == read_file(entry.path()));
  }
  CHECK(fs::equivalent(dir / "back/www/large", dir / "back/www/second"));
  CHECK(status_of(dir / "back/www/sparse").st_blocks <= status_of(tree / "www/sparse").st_blocks + 16);
  if (has_attributes) {
    char value[8];
    CHECK(::getxattr((dir / "back/www/index.php").c_str(), "user.note", value, sizeof value) == 3);
  }
}

TEST_CASE("the same tree makes the same bytes") {
  const temp_dir dir;
  fs::create_directories(dir / "tree/www");
  for (const char* name : {"c", "a", "b"}) write_file(dir / "tree/www" / name, name);
  (void)pack_to(dir / "1", dir / "tree");
  (void)read_file(dir / "tree/www/a");
  (void)pack_to(dir / "2", dir / "tree");
  CHECK(read_file(dir / "1") == read_file(dir / "2"));
}

TEST_CASE("entries that an archive cannot contain are listed, not opened, and the rest is packed") {
  const temp_dir dir;
  fs::create_directories(dir / "tree/www");
  write_file(dir / "outside", "secret");
  REQUIRE(::mkfifo((dir / "tree/www/fifo").c_str(), 0600) == 0);
  fs::create_symlink("/etc/passwd", dir / "tree/www/absolute");
  fs::create_symlink("../../outside", dir / "tree/www/out");
  write_file(dir / "tree/www/good", "good");
  const auto packed = pack_to(dir / "a", dir / "tree");
  std::map<std::string, std::string> why(packed.left_out.begin(), packed.left_out.end());
  CHECK_THAT(why["www/fifo"], Contains("not a file"));
  CHECK_THAT(why["www/absolute"], Contains("leaves"));
  CHECK_THAT(why["www/out"], Contains("leaves"));
  const auto known = unpack_from(dir / "a", dir / "back");
  CHECK(known.files.size() == 3);
  CHECK(read_file(dir / "back/www/good") == "good");
}

TEST_CASE("set-id bits of files do not come back") {
  const temp_dir dir;
  fs::create_directories(dir / "tree");
  write_file(dir / "tree/tool", "x");
  fs::permissions(dir / "tree/tool", fs::perms(06755));
  (void)pack_to(dir / "a", dir / "tree");
  (void)unpack_from(dir / "a", dir / "back");
  CHECK((status_of(dir / "back/tool").st_mode & 07777) == 0755);
}

TEST_CASE("a disk that is full is an error, not a short archive") {
  if (::access("/dev/full", W_OK) != 0) return;
  const temp_dir dir;
  fs::create_directories(dir / "tree");
  write_file(dir / "tree/file", "x");
  const unique_fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  CHECK_THROWS_AS(pack(k_about, open_folder(dir / "tree").get(), full.get()), std::runtime_error);
}

TEST_CASE("a tree that exceeds the limits is not packed, and no large file is read for that") {
  const temp_dir dir;
  const auto tree = dir / "tree";
  fs::create_directories(tree / "www");
  write_file(tree / "www/file", "12345");
  const auto pack_with = [&](const limits& most) {
    const unique_fd out(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    return pack(k_about, open_folder(tree).get(), out.get(), compression::none, {}, most).packed.size();
  };
  CHECK(pack_with({.entries = 5, .bytes = 5}) == 3);
  CHECK_THROWS_WITH(pack_with({.entries = 4, .bytes = 5}), Contains("more than 2 files and folders"));
  CHECK_THROWS_WITH(pack_with({.entries = 5, .bytes = 4}), Contains("www/file: the tree has more than 4 bytes"));
  CHECK_THROWS_WITH(pack_with({.entries = 5, .bytes = 5, .names = 40}), Contains("too many paths, or too long ones"));
  fs::resize_file(tree / "www/file", std::uint64_t{1} << 42U);  // of holes
  CHECK_THROWS_WITH(pack_with({}), Contains("more than 68719476736 bytes"));
}

TEST_CASE("an archive that was packed within limits is valid within the same limits") {
  const temp_dir dir;
  fs::create_directories(dir / "tree/www");
  write_file(dir / "tree/www/file", "12345");
  const limits most{.entries = 5, .bytes = 5};
  const unique_fd file(::open((dir / "archive").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  (void)pack(k_about, open_folder(dir / "tree").get(), file.get(), compression::zstd, {}, most);
  CHECK(validate(file.get(), most).files.size() == 3);
  CHECK_THROWS_AS(validate(file.get(), {.entries = 4, .bytes = 5}), bad_archive);
}
