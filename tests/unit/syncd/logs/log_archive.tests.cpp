// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/log_archive.h"

#include "log_world.h"
#include "syncd/logs/log_rotation.h"

#include <zlib.h>

using namespace heberg;
using namespace heberg::test;

namespace {

std::string unpack(const fs::path& path) {
  const auto file = ::gzopen(path.c_str(), "rb");
  REQUIRE(file != nullptr);
  std::string text(1 << 20, '\0');
  const int size = ::gzread(file, text.data(), static_cast<unsigned>(text.size()));
  REQUIRE(::gzclose(file) == Z_OK);
  REQUIRE(size >= 0);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

TEST_CASE("a rotated log is known by its name, another file is not") {
  for (const char* name : {"access.log-20261124-173000", "access.log-20261124-173000.gz",
                           "access.log-20261124-173000.12", "access.log-20261124-173000.12.gz"}) {
    INFO(name);
    CHECK(syncd::is_rotated(name, "access.log"));
  }
  for (const char* name : {"access.log", "access.log-", "access.log.1", "access.log-20261124",
                           "access.log-20261124-17300x", "access.log-20261124-173000.", "access.log-20261124-173000.x",
                           "error.log-20261124-173000", "access.log-20261124-173000.gz.gz"}) {
    INFO(name);
    CHECK_FALSE(syncd::is_rotated(name, "access.log"));
  }
}

TEST_CASE("a log is due by its size, or when it was last written on another day, an empty one never") {
  struct stat file {};
  const std::time_t noon = 1'795'521'600;  // 2026-11-24T12:00Z
  file.st_mtime = noon;
  file.st_size = 99;
  CHECK_FALSE(syncd::is_rotation_due(file, 100, noon + 60));
  file.st_size = 100;
  CHECK(syncd::is_rotation_due(file, 100, noon + 60));
  file.st_size = 1;
  CHECK(syncd::is_rotation_due(file, 100, noon + 86'400));
  CHECK(syncd::is_rotation_due(file, 100, noon + 366 * 86'400));
  file.st_size = 0;
  CHECK_FALSE(syncd::is_rotation_due(file, 100, noon + 86'400));
}

TEST_CASE_METHOD(log_world, "a rotated log is compressed whole, with its owner and mode, and the plain one goes") {
  const auto plain = log("a", "access.log-20261124-173000");
  write_file(plain, "one\ntwo\n");
  fs::permissions(plain, static_cast<fs::perms>(0640));
  owners.set(plain, {0, 20000});
  write_file(log(), "present\n");
  write_file(log("a", "access.log.old"), "somebody's own\n");
  CHECK(syncd::tidy_logs(root.get(), "a", {}, owners).empty());
  const auto packed = log("a", "access.log-20261124-173000.gz");
  CHECK(unpack(packed) == "one\ntwo\n");
  CHECK(owners.of(packed) == tree::file_owner{0, 20000});
  CHECK((fs::status(packed).permissions() & fs::perms::mask) == static_cast<fs::perms>(0640));
  CHECK_FALSE(fs::exists(plain));
  CHECK(read_file(log()) == "present\n");
  CHECK(read_file(log("a", "access.log.old")) == "somebody's own\n");
}

TEST_CASE_METHOD(log_world, "a look that was interrupted is finished by the next") {
  const auto plain = log("a", "access.log-20261124-173000");
  write_file(plain, "one\n");
  write_file(log("a", ".compressing.tmp"), "half of someth");
  write_file(plain.string() + ".gz", "left from a look that ended just before its last step");
  CHECK(syncd::tidy_logs(root.get(), "a", {}, owners).empty());
  CHECK(unpack(plain.string() + ".gz") == "one\n");
  CHECK_FALSE(fs::exists(plain));
  CHECK_FALSE(fs::exists(log("a", ".compressing.tmp")));
}

TEST_CASE_METHOD(log_world, "the oldest go beyond the number, of each log, and beyond the site's size") {
  const auto name = [](int day) { return "access.log-202611" + std::to_string(10 + day) + "-000000"; };
  for (int day = 0; day < 9; ++day) write_file(log("a", name(day).c_str()), std::string(100, 'x'));
  write_file(log("a", "error.log-20200101-000000"), "x");
  syncd::archive_rules rules{.keep = 5, .max_total = 1'000'000, .compress = false};
  CHECK(syncd::tidy_logs(root.get(), "a", rules, owners).empty());
  CHECK_FALSE(fs::exists(log("a", name(3).c_str())));
  CHECK(fs::exists(log("a", name(4).c_str())));
  CHECK(fs::exists(log("a", "error.log-20200101-000000")));
  rules.max_total = 250;
  CHECK(syncd::tidy_logs(root.get(), "a", rules, owners).empty());
  CHECK_FALSE(fs::exists(log("a", name(6).c_str())));
  CHECK(fs::exists(log("a", name(7).c_str())));
  CHECK(fs::exists(log("a", name(8).c_str())));
}

TEST_CASE_METHOD(log_world, "a link that bears the name of an old log is neither compressed nor followed") {
  write_file(dir / "secret", "secret\n");
  fs::create_symlink(dir / "secret", log("a", "access.log-20261124-173000"));
  fs::create_hard_link(dir / "secret", log("a", "access.log-20261124-173001"));
  CHECK(syncd::tidy_logs(root.get(), "a", {}, owners).size() == 1);
  CHECK_FALSE(fs::exists(log("a", "access.log-20261124-173000.gz")));
  CHECK_FALSE(fs::exists(log("a", "access.log-20261124-173001.gz")));
  CHECK(read_file(dir / "secret") == "secret\n");
}

namespace {

constexpr std::time_t k_noon = 1'795'521'600;  // 2026-11-24T12:00Z

std::vector<std::string> sftp_logs(const log_world& world) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(world.dir / "sites/a/logs")) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("sftp.log-")) names.push_back(name.substr(9));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE_METHOD(log_world, "the sftp logs are kept by their age, whatever their number and the other logs' size") {
  for (int day = 0; day < 30; ++day) {
    const auto name = "sftp.log-202611" + std::to_string(10 + day % 15) + (day < 15 ? "-000000" : "-120000");
    write_file(log("a", name.c_str()), std::string(100, 'x'));
  }
  write_file(log("a", "sftp.log-20260801-000000"), "x");
  write_file(log("a", "access.log-20261124-000000"), "x");
  const syncd::archive_rules rules{.keep = 1, .max_total = 100, .compress = false};
  CHECK(syncd::tidy_logs(root.get(), "a", rules, owners, k_noon).empty());
  CHECK(sftp_logs(*this).size() == 30);
  CHECK(fs::exists(log("a", "access.log-20261124-000000")));
  const syncd::archive_rules ten_days{.compress = false, .sftp_keep_for = std::chrono::hours(240)};
  CHECK(syncd::tidy_logs(root.get(), "a", ten_days, owners, k_noon).empty());
  // Names have the machine's time of day.
  CHECK(sftp_logs(*this).front() > "20261113-235959");
  CHECK(sftp_logs(*this).front() < "20261115-130000");
}

TEST_CASE_METHOD(log_world, "a flood pushes out neither what was logged before it, nor what is logged after it") {
  const syncd::archive_rules rules{.compress = false, .sftp_max_total = 1000};
  write_file(log("a", "sftp.log-20261110-000000"), std::string(90, 'x'));
  write_file(log("a", "sftp.log-20261124-000000"), std::string(90, 'x'));
  for (int i = 0; i < 60; ++i) {
    const auto name = "sftp.log-20261124-0100" + std::to_string(10 + i).substr(0, 2);
    write_file(log("a", (name + "." + std::to_string(i)).c_str()), std::string(100, 'x'));
    REQUIRE(syncd::tidy_logs(root.get(), "a", rules, owners, k_noon).empty());
  }
  const auto kept = sftp_logs(*this);
  CHECK(kept.size() == 10);
  CHECK(kept[0] == "20261110-000000");
  CHECK(kept[1] == "20261124-000000");
  CHECK(kept.back() == "20261124-010069.59");
}

TEST_CASE_METHOD(log_world, "an allowance smaller than one file leaves none") {
  write_file(log("a", "sftp.log-20261124-000000"), std::string(90, 'x'));
  const syncd::archive_rules rules{.compress = false, .sftp_max_total = 10};
  CHECK(syncd::tidy_logs(root.get(), "a", rules, owners, k_noon).empty());
  CHECK(sftp_logs(*this).empty());
}
