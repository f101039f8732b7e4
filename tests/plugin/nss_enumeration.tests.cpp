// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nss_module.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

using namespace heberg::test;
using heberg::directory::account;

namespace {

std::vector<std::string> rest_of_passwd() {
  std::vector<std::string> names;
  while (const passwd* p = ::getpwent()) names.emplace_back(p->pw_name);
  return names;
}

std::set<std::string> all_names(std::uint32_t count) {
  std::set<std::string> names;
  for (const account& a : make_accounts(count)) names.insert(a.name);
  return names;
}

struct thousand : nss_fixture {
  thousand() : nss_fixture(1000) {}
};

}  // namespace

TEST_CASE_METHOD(thousand, "an enumeration gives every site once, in each database") {
  ::setpwent();
  const std::vector<std::string> users = rest_of_passwd();
  CHECK(users.size() == 1000);
  CHECK(std::set<std::string>(users.begin(), users.end()) == all_names(1000));
  ::endpwent();

  std::set<std::string> groups;
  ::setgrent();
  while (const group* g = ::getgrent()) CHECK(groups.insert(g->gr_name).second);
  ::endgrent();
  CHECK(groups == all_names(1000));

  std::set<std::string> shadows;
  ::setspent();
  while (const spwd* s = ::getspent()) CHECK(shadows.insert(s->sp_namp).second);
  ::endspent();
  CHECK(shadows == all_names(1000));
}

TEST_CASE_METHOD(nss_fixture, "an enumeration starts again with setpwent, after endpwent, and without either") {
  CHECK(rest_of_passwd().size() == 3);
  ::setpwent();
  CHECK(rest_of_passwd().size() == 3);
  ::setpwent();
  REQUIRE(::getpwent() != nullptr);
  ::setpwent();
  ::setpwent();
  ::setpwent();
  CHECK(rest_of_passwd().size() == 3);
  ::endpwent();
  CHECK(rest_of_passwd().size() == 3);
}

TEST_CASE_METHOD(nss_fixture, "the end stays the end") {
  module.setpwent(0);
  for (int i = 0; i < 3; ++i) CHECK(next_passwd() == k_success);
  for (int i = 0; i < 3; ++i) CHECK(next_passwd() == k_not_found);
}

TEST_CASE_METHOD(thousand, "lookups inside an enumeration do not move its cursor") {
  std::set<std::string> seen;
  ::setpwent();
  while (const passwd* p = ::getpwent()) {
    const std::string name = p->pw_name;
    REQUIRE(seen.insert(name).second);
    REQUIRE(::getpwuid(20500) != nullptr);
    REQUIRE(::getpwnam("site_1") != nullptr);
    REQUIRE(::getgrnam("site_7") != nullptr);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE_METHOD(thousand, "the databases have a cursor each") {
  ::setpwent();
  ::setgrent();
  ::setspent();
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(::getpwent() != nullptr);
    if (i % 2 == 0) REQUIRE(::getgrent() != nullptr);
    if (i % 4 == 0) REQUIRE(::getspent() != nullptr);
  }
  CHECK(::getpwent() == nullptr);
  CHECK(::getgrent() != nullptr);
  CHECK(::getspent() != nullptr);
}

TEST_CASE_METHOD(thousand, "an entry that met a short buffer is given again") {
  std::vector<std::string> names;
  module.setpwent(0);
  for (std::size_t size = 0;;) {
    passwd out{};
    char buffer[256];
    int error = 0;
    const nss_status status = module.getpwent_r(&out, buffer, size, &error);
    if (status == NSS_STATUS_NOTFOUND) break;
    if (status == NSS_STATUS_TRYAGAIN) {
      REQUIRE(error == ERANGE);
      size += 16;
      continue;
    }
    REQUIRE(status == NSS_STATUS_SUCCESS);
    names.emplace_back(out.pw_name);
    size = 0;
  }
  CHECK(names.size() == 1000);
  CHECK(std::set<std::string>(names.begin(), names.end()) == all_names(1000));
}

TEST_CASE_METHOD(thousand, "a fork between two steps: parent and child each go on where they were") {
  ::setpwent();
  for (int i = 0; i < 300; ++i) REQUIRE(::getpwent() != nullptr);
  CHECK(exit_of_child([] { return rest_of_passwd().size() == 700 ? 0 : 1; }) == 0);
  CHECK(rest_of_passwd().size() == 700);
}

TEST_CASE_METHOD(thousand,
                 "an enumeration goes on after closefrom, and takes no descriptor of the program's for its own") {
  const int status = exit_of_child([] {
    ::setpwent();
    for (int i = 0; i < 300; ++i) {
      if (::getpwent() == nullptr) return 1;
    }
    ::closefrom(3);
    // The numbers that a module would have held, as the program's own files now.
    for (int i = 0; i < 20; ++i) {
      if (::open("/dev/zero", O_RDONLY | O_CLOEXEC) < 0) return 2;
    }
    if (rest_of_passwd().size() != 700) return 3;
    ::endpwent();
    if (::getpwnam("site_1") == nullptr) return 4;
    for (int fd = 3; fd < 23; ++fd) {
      if (::fcntl(fd, F_GETFD) < 0) return 5;
    }
    return 0;
  });
  CHECK(status == 0);
}

TEST_CASE_METHOD(thousand, "a directory published in the middle neither loops nor repeats") {
  std::set<std::string> seen;
  std::vector<account> accounts = make_accounts(1000);
  ::setpwent();
  while (const passwd* p = ::getpwent()) {
    REQUIRE(seen.insert(p->pw_name).second);
    if (seen.size() % 100 == 0) {
      accounts.push_back(
          make_account("aaa_" + std::to_string(seen.size()), 70000 + static_cast<std::uint32_t>(seen.size())));
      publish(accounts);
    }
  }
  CHECK(seen.size() == 1000);
}
