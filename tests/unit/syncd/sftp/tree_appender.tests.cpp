// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/sftp/tree_appender.h"

#include "base/unique_fd.h"
#include "support/fake_owners.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <functional>
#include <vector>

using Catch::Contains;
using heberg::unique_fd;
using heberg::syncd::log_disk;
using heberg::syncd::tree_appender;
using heberg::test::fake_owners;
using heberg::test::read_file;
using heberg::test::temp_dir;
using heberg::test::write_file;
using heberg::tree::file_owner;
namespace fs = std::filesystem;

namespace {

// Writes so many bytes, then no more.
struct full_disk : log_disk {
  std::size_t room = 1'000'000;
  ssize_t write(int file, std::string_view bytes, off_t at) override {
    if (room == 0) return -ENOSPC;
    const auto size = log_disk::write(file, bytes.substr(0, room), at);
    if (size > 0) room -= static_cast<std::size_t>(size);
    return size;
  }
};

struct appender_fixture {
  temp_dir dir;
  std::shared_ptr<fake_owners> owners = std::make_shared<fake_owners>();
  std::time_t now = std::time(nullptr);  // the files' own times are the machine's
  std::shared_ptr<full_disk> disk = std::make_shared<full_disk>();
  struct : heberg::syncd::rotated_logs {
    std::vector<std::string> sites;
    void push(int, const std::string& site) override { sites.push_back(site); }
  } archive;
  tree_appender appender{owners, 1000, archive, [this] { return now; }, disk};
  fs::path log = dir / "a/logs/sftp.log";
  unique_fd root;

  appender_fixture() : root(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    fs::create_directories(dir / "a/logs");
  }
  std::string append(std::string_view lines) { return appender.append(root.get(), "a", 20000, "sftp.log", lines); }
};

}  // namespace

TEST_CASE_METHOD(appender_fixture, "lines are appended to a log that is root's and the site's group's, 0640") {
  CHECK(append("one\n").empty());
  CHECK(append("two\nthree\n").empty());
  CHECK(read_file(log) == "one\ntwo\nthree\n");
  CHECK(owners->of(log) == file_owner{0, 20000});
  CHECK(fs::status(log).permissions() == static_cast<fs::perms>(0640));
}

TEST_CASE_METHOD(appender_fixture, "what is planted in a log's place is not written to, followed or waited for") {
  write_file(dir / "victim", "");
  const auto [make, why] = GENERATE(table<std::function<void(const fs::path&, const fs::path&)>, std::string>({
      {[](const fs::path& path, const fs::path& victim) { fs::create_symlink(victim, path); }, "is a symbolic link"},
      {[](const fs::path& path, const fs::path&) { fs::create_symlink("nowhere", path); }, "is a symbolic link"},
      {[](const fs::path& path, const fs::path& victim) { fs::create_hard_link(victim, path); }, "second name"},
      {[](const fs::path& path, const fs::path&) { fs::create_directory(path); }, "is a folder"},
      {[](const fs::path& path, const fs::path&) { REQUIRE(::mkfifo(path.c_str(), 0666) == 0); }, "is a fifo"},
      {[](const fs::path& path, const fs::path&) {
         fs::remove(path.parent_path());
         fs::create_directory_symlink(path.parent_path().parent_path().parent_path(), path.parent_path());
       },
       "its folder"},
  }));
  make(log, dir / "victim");
  CHECK_THAT(append("x\n"), Contains(why));
  CHECK(read_file(dir / "victim").empty());
  CHECK_FALSE(fs::exists(dir / "sftp.log"));
}

TEST_CASE_METHOD(appender_fixture, "a log that cannot be made whole leaves nothing behind, and says why") {
  owners->changes_until_failure = 0;
  CHECK_THAT(append("x\n"), Contains("cannot be made"));
  CHECK_FALSE(fs::exists(log));
  fs::remove_all(dir / "a/logs");
  CHECK_THAT(append("x\n"), Contains("its folder"));
}

TEST_CASE_METHOD(appender_fixture, "a log that has grown large is rotated as a whole, and a new one begun") {
  const std::string large = std::string(1000, 'x') + "\n";
  CHECK(append(large).empty());
  CHECK(append("new\n").empty());
  CHECK(read_file(log) == "new\n");
  std::vector<std::string> aside;
  for (const auto& entry : fs::directory_iterator(dir / "a/logs")) {
    if (entry.path() != log) aside.push_back(read_file(entry.path()));
  }
  CHECK(aside == std::vector<std::string>{large});
  CHECK(owners->of(log) == file_owner{0, 20000});
  CHECK(archive.sites == std::vector<std::string>{"a"});
}

TEST_CASE_METHOD(appender_fixture, "a disk that is full in the middle of a line leaves no half of it, and says why") {
  CHECK(append("one\n").empty());
  disk->room = 2;
  CHECK_THAT(append("two\n"), Contains("No space left"));
  CHECK(read_file(log) == "one\n");
  disk->room = 100;
  CHECK(append("three\n").empty());
  CHECK(read_file(log) == "one\nthree\n");
}
