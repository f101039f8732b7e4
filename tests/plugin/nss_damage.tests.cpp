// SPDX-License-Identifier: LGPL-2.1-or-later
// Through the module's own entry points, what tests/unit/directory/damage.tests.cpp shows for the reader, in the
// measure of the project's promise: 200 truncations, 10,000 changed bytes, no crash and no wrong account.
#include "nss_module.h"

#include <catch2/catch.hpp>

#include <cerrno>
#include <fstream>
#include <random>
#include <stdexcept>

using namespace heberg::test;
using heberg::directory::account;
using heberg::directory::file_kind;
using heberg::directory::make_image;
using heberg::directory::row;

namespace {

struct damage_fixture : nss_fixture {
  std::string good_accounts = read_file(accounts_path);
  std::string good_shadow = read_file(shadow_path);
  std::vector<account> truth = make_accounts(3);

  [[nodiscard]] bool is_true(const passwd& p) const {
    for (const account& a : truth) {
      if (a.name == p.pw_name) {
        return a.id == p.pw_uid && a.id == p.pw_gid && a.gecos == p.pw_gecos && a.home == p.pw_dir &&
               a.shell == p.pw_shell;
      }
    }
    return false;
  }
  [[nodiscard]] bool is_true(const group& g) const {
    for (const account& a : truth) {
      if (a.name == g.gr_name) return a.id == g.gr_gid && g.gr_mem[0] == nullptr;
    }
    return false;
  }
  [[nodiscard]] bool is_true(const spwd& s) const {
    for (const account& a : truth) {
      if (a.name == s.sp_namp) return a.hash == s.sp_pwdp;
    }
    return false;
  }

  // A published account is given as it is, or the directory is said to be damaged. Returns whether it was given.
  template <typename result, typename call>
  bool check(call function) {
    result out{};
    char buffer[1024];
    int error = 0;
    const nss_status status = function(&out, buffer, sizeof buffer, &error);
    if (status == NSS_STATUS_SUCCESS && is_true(out)) return true;
    if (status != NSS_STATUS_UNAVAIL || error != EIO) FAIL("a wrong answer: " << status << " " << error);
    return false;
  }

  int check_all() {
    int given = 0;
    for (const account& a : truth) {
      const char* name = a.name.c_str();
      given += check<passwd>([&](auto... rest) { return module.getpwnam_r(name, rest...); });
      given += check<passwd>([&](auto... rest) { return module.getpwuid_r(a.id, rest...); });
      given += check<group>([&](auto... rest) { return module.getgrnam_r(name, rest...); });
      given += check<group>([&](auto... rest) { return module.getgrgid_r(a.id, rest...); });
      given += check<spwd>([&](auto... rest) { return module.getspnam_r(name, rest...); });
    }
    module.setpwent(0);
    int entries = 0;
    passwd out{};
    char buffer[1024];
    int error = 0;
    nss_status status = NSS_STATUS_SUCCESS;
    while ((status = module.getpwent_r(&out, buffer, sizeof buffer, &error)) == NSS_STATUS_SUCCESS) {
      if (!is_true(out) || ++entries > 3) FAIL("a wrong entry");
    }
    const bool whole = status == NSS_STATUS_NOTFOUND && entries == 3;
    if (!whole && !(status == NSS_STATUS_UNAVAIL && error == EIO)) FAIL("a wrong end");
    return given;
  }
};

// In place: writing the whole file 10,000 times takes ten times as long as all that is tested.
void set_byte(const std::string& path, std::size_t at, int byte) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte));
  if (!file.flush()) throw std::runtime_error("write " + path);
}

}  // namespace

TEST_CASE_METHOD(damage_fixture, "a directory cut at any of 200 places is unavailable in whole") {
  for (std::size_t i = 0; i < 200; ++i) {
    INFO(i);
    put(accounts_path, std::string_view(good_accounts).substr(0, good_accounts.size() * i / 200));
    put(shadow_path, std::string_view(good_shadow).substr(0, good_shadow.size() * i / 200));
    REQUIRE(check_all() == 0);
  }
  put(accounts_path, good_accounts);
  put(shadow_path, good_shadow);
  CHECK(check_all() == 15);
}

TEST_CASE_METHOD(damage_fixture, "of 10,000 changed bytes none makes a wrong account") {
  std::mt19937 random(20000);  // NOLINT(cert-msc51-cpp): the same run each time
  for (int round = 0; round < 10000; ++round) {
    // Half of them where the content is: most of so small a file is the table of contents.
    const std::size_t size = good_accounts.size();
    const std::size_t at = random() % 2 == 0 ? random() % size : 2048 + random() % (size - 2048);
    const std::size_t at_shadow = at % good_shadow.size();
    const auto flip = static_cast<char>(1 + random() % 255);
    INFO(at << " " << at_shadow << " ^ " << int{flip});
    set_byte(accounts_path, at, good_accounts[at] ^ flip);
    set_byte(shadow_path, at_shadow, good_shadow[at_shadow] ^ flip);
    check_all();
    set_byte(accounts_path, at, good_accounts[at]);
    set_byte(shadow_path, at_shadow, good_shadow[at_shadow]);
  }
}

TEST_CASE_METHOD(nss_fixture, "a hostile directory, well sealed, mints neither root's id nor root's name") {
  const auto publish_rows = [&](const std::vector<row>& rows) {
    put(accounts_path, make_image(file_kind::accounts, rows));
  };
  SECTION("id 0 under a site's name") {
    publish_rows({hostile_row("site_1", 0, "site_1:x:0:0:g:/h:/s")});
    CHECK(find_passwd("site_1") == unavailable(EIO));
    CHECK(find_group("site_1") == unavailable(EIO));
    CHECK(find_groups("site_1") == unavailable(EIO));
    CHECK(find_passwd(0U) == k_not_found);
    CHECK(find_group(0U) == k_not_found);
  }
  SECTION("root's name") {
    publish_rows({hostile_row("root", 20000, "root:x:20000:20000:g:/h:/s")});
    CHECK(find_passwd("root") == k_not_found);
    CHECK(find_group("root") == k_not_found);
    CHECK(find_passwd(20000U) == unavailable(EIO));
  }
  SECTION("group 0 under a site's own id") {
    publish_rows({hostile_row("site_1", 20000, "site_1:x:20000:0:g:/h:/s")});
    CHECK(find_passwd("site_1") == unavailable(EIO));
    CHECK(find_groups("site_1") == unavailable(EIO));
  }
  module.setpwent(0);
  CHECK(next_passwd() == unavailable(EIO));
  CHECK(::getpwnam("root") == nullptr);
  CHECK(::getpwuid(0) == nullptr);
}
