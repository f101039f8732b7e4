// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nss_module.h"
#include "support/need_root.h"

#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

using namespace heberg::test;
namespace fs = std::filesystem;

namespace {

// Every entry point gives the same answer, for what is there and what is not.
void check_all(const said& wanted) {
  for (const char* name : {"site_1", "site_9"}) {
    INFO(name);
    CHECK(find_passwd(name) == wanted);
    CHECK(find_group(name) == wanted);
    CHECK(find_groups(name) == wanted);
  }
  for (const uid_t id : {20000U, 30000U}) {
    INFO(id);
    CHECK(find_passwd(id) == wanted);
    CHECK(find_group(id) == wanted);
  }
  module_under_test().setpwent(0);
  CHECK(next_passwd() == wanted);
  CHECK(next_passwd() == wanted);
}

void check_shadow(const said& wanted) {
  CHECK(find_shadow("site_1") == wanted);
  CHECK(find_shadow("site_9") == wanted);
}

}  // namespace

TEST_CASE_METHOD(nss_fixture, "no directory: UNAVAIL, ENOENT, glibc says so too") {
  fs::remove_all(folder);
  check_all(unavailable(ENOENT));
  check_shadow(unavailable(ENOENT));
  errno = 0;
  CHECK(::getpwnam("site_1") == nullptr);
}

TEST_CASE_METHOD(nss_fixture, "no files in the directory: UNAVAIL, ENOENT") {
  fs::remove(accounts_path);
  fs::remove(shadow_path);
  check_all(unavailable(ENOENT));
  check_shadow(unavailable(ENOENT));
}

TEST_CASE_METHOD(nss_fixture, "an empty file, a wrong magic, the other kind of file: UNAVAIL, EIO") {
  SECTION("empty") {
    put(accounts_path, "");
    put(shadow_path, "");
  }
  SECTION("zeros") {
    put(accounts_path, std::string(8192, '\0'));
    put(shadow_path, std::string(8192, '\0'));
  }
  SECTION("text") {
    put(accounts_path, std::string(100, '\n') + "site_1:x:0:0:::\n");
    put(shadow_path, "site_1::::::::\n");
  }
  SECTION("exchanged") {
    fs::rename(accounts_path, "a");
    fs::rename(shadow_path, accounts_path);
    fs::rename("a", shadow_path);
  }
  check_all(unavailable(EIO));
  check_shadow(unavailable(EIO));
}

TEST_CASE_METHOD(nss_fixture, "files that others could have written are not read: UNAVAIL, EPERM") {
  SECTION("writable by the group") {
    fs::permissions(accounts_path, fs::perms(0664));
    fs::permissions(shadow_path, fs::perms(0660));
  }
  SECTION("writable by everybody") {
    fs::permissions(accounts_path, fs::perms(0666));
    fs::permissions(shadow_path, fs::perms(0602));
  }
  SECTION("links") {
    fs::rename(accounts_path, "a");
    fs::rename(shadow_path, "s");
    fs::create_symlink("../a", accounts_path);
    fs::create_symlink("../s", shadow_path);
  }
  SECTION("pipes, which must not hang anybody") {
    for (const std::string& path : {accounts_path, shadow_path}) {
      fs::remove(path);
      REQUIRE(::mkfifo(path.c_str(), 0644) == 0);
    }
  }
  SECTION("folders") {
    for (const std::string& path : {accounts_path, shadow_path}) {
      fs::remove(path);
      fs::create_directory(path);
    }
  }
  check_all(unavailable(EPERM));
  check_shadow(unavailable(EPERM));
}

TEST_CASE_METHOD(nss_fixture, "files of another owner are not read: UNAVAIL, EPERM") {
  NEED_ROOT();
  for (const std::string& path : {accounts_path, shadow_path}) REQUIRE(::chown(path.c_str(), 12345, 0) == 0);
  check_all(unavailable(EPERM));
  check_shadow(unavailable(EPERM));
}

TEST_CASE_METHOD(nss_fixture, "no descriptor left in the program: UNAVAIL, EMFILE, and all is well afterwards") {
  const int status = exit_of_child([] {
    const rlimit none{3, 3};
    ::closefrom(3);
    if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return 1;
    if (!(find_passwd("site_1") == unavailable(EMFILE))) return 2;
    if (!(find_groups("site_1") == unavailable(EMFILE))) return 3;
    ::close(0);
    return find_passwd("site_1") == k_success ? 0 : 4;
  });
  CHECK(status == 0);
}

TEST_CASE_METHOD(
    nss_fixture,
    "after chroot the directory is out of sight: it fails closed, with the module loaded and used before") {
  NEED_ROOT();
  fs::create_directory("jail");
  CHECK(find_passwd("site_1") == k_success);
  const int status = exit_of_child([] {
    module_under_test().setpwent(0);
    if (::chroot("jail") != 0 || ::chdir("/") != 0) return 1;
    if (::getpwnam("site_1") != nullptr || ::getpwuid(20000) != nullptr || ::getgrgid(20000) != nullptr) return 2;
    if (!(find_passwd("site_1") == unavailable(ENOENT))) return 3;
    if (!(next_passwd() == unavailable(ENOENT))) return 4;
    return 0;
  });
  CHECK(status == 0);
}

TEST_CASE_METHOD(nss_fixture, "for anyone but root and group shadow the hashes are out of reach: UNAVAIL, EACCES") {
  NEED_ROOT();
  const int status = exit_of_child([] {
    // This build would trust the new identity, but the file's mode comes first.
    if (::setgroups(0, nullptr) != 0 || ::setresgid(65533, 65533, 65533) != 0 || ::setresuid(0, 65533, 0) != 0)
      return 1;
    if (!(find_shadow("site_1") == unavailable(EACCES))) return 2;
    module_under_test().setspent(0);
    spwd out{};
    char buffer[512];
    int error = 0;
    if (module_under_test().getspent_r(&out, buffer, sizeof buffer, &error) != NSS_STATUS_UNAVAIL || error != EACCES)
      return 3;
    return 0;
  });
  CHECK(status == 0);
}
