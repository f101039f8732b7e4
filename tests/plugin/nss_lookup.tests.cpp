// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nss_module.h"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

using namespace heberg::test;
using heberg::directory::account;

TEST_CASE_METHOD(nss_fixture, "glibc finds a site by name and by id") {
  for (const passwd* p : {::getpwnam("site_2"), ::getpwuid(20001)}) {
    REQUIRE(p != nullptr);
    CHECK(std::string(p->pw_name) == "site_2");
    CHECK(std::string(p->pw_passwd) == "x");
    CHECK(p->pw_uid == 20001);
    CHECK(p->pw_gid == 20001);
    CHECK(std::string(p->pw_gecos) == "site_2.example.org");
    CHECK(std::string(p->pw_dir) == "/sites/site_2");
    CHECK(std::string(p->pw_shell) == "/usr/sbin/nologin");
  }
}

TEST_CASE_METHOD(nss_fixture, "glibc finds a site's group by name and by id") {
  for (const group* g : {::getgrnam("site_3"), ::getgrgid(20002)}) {
    REQUIRE(g != nullptr);
    CHECK(std::string(g->gr_name) == "site_3");
    CHECK(std::string(g->gr_passwd) == "x");
    CHECK(g->gr_gid == 20002);
    CHECK(g->gr_mem[0] == nullptr);
  }
}

TEST_CASE_METHOD(nss_fixture, "glibc finds a site's shadow entry") {
  const spwd* s = ::getspnam("site_1");
  REQUIRE(s != nullptr);
  CHECK(std::string(s->sp_namp) == "site_1");
  CHECK(std::string(s->sp_pwdp) == "$y$j9T$site_1$hash");
  CHECK(s->sp_lstchg == -1);
  CHECK(s->sp_min == -1);
  CHECK(s->sp_max == -1);
  CHECK(s->sp_warn == -1);
  CHECK(s->sp_inact == -1);
  CHECK(s->sp_expire == -1);
  CHECK(s->sp_flag == ~0UL);
}

TEST_CASE_METHOD(nss_fixture, "what is unknown is not found, and glibc calls it no error") {
  for (const char* name :
       {"site_4", "site_", "site_11", "x", "root", "www-data", "nobody", "", ".", "../site_1", "SITE_1", "site_1\n"}) {
    INFO(name);
    CHECK(find_passwd(name) == k_not_found);
    CHECK(find_group(name) == k_not_found);
    CHECK(find_shadow(name) == k_not_found);
    CHECK(find_groups(name) == k_not_found);
  }
  for (const uid_t id : {0U, 1U, 999U, 1000U, 20003U, 65534U, 0xfffffffeU, 0xffffffffU}) {
    INFO(id);
    CHECK(find_passwd(id) == k_not_found);
    CHECK(find_group(id) == k_not_found);
  }
  passwd out{};
  passwd* result = &out;
  char buffer[1024];
  errno = 0;
  CHECK(::getpwnam_r("site_4", &out, buffer, sizeof buffer, &result) == 0);
  CHECK(result == nullptr);
}

TEST_CASE_METHOD(nss_fixture, "errno is kept where the answer is SUCCESS, and never set to 0") {
  passwd out{};
  char buffer[1024];
  int error = 4711;
  errno = 1234;
  CHECK(module.getpwnam_r("site_1", &out, buffer, sizeof buffer, &error) == NSS_STATUS_SUCCESS);
  CHECK(errno == 1234);
  CHECK(error == 4711);
  // glibc passes the address of errno itself.
  CHECK(module.getpwnam_r("site_1", &out, buffer, sizeof buffer, &errno) == NSS_STATUS_SUCCESS);
  CHECK(errno == 1234);
  CHECK(module.getpwnam_r("site_9", &out, buffer, sizeof buffer, &errno) == NSS_STATUS_NOTFOUND);
  CHECK(errno == ENOENT);
  errno = 1234;
  CHECK(module.getpwnam_r("site_9", &out, buffer, sizeof buffer, &error) == NSS_STATUS_NOTFOUND);
  CHECK(errno == 1234);
}

namespace {

// With each size from nothing: "too small" and nothing written, until the entry fits; from there on success.
template <typename result, typename call>
void check_sizes(call function) {
  for (std::size_t offset = 0; offset < alignof(char*); ++offset) {
    bool fitted = false;
    for (std::size_t size = 0; size < 200; ++size) {
      std::vector<char> buffer(offset + size + 1, '\x55');
      const std::vector<char> untouched = buffer;
      result out{};
      std::memset(&out, 0x55, sizeof out);
      const result untouched_out = out;
      int error = 0;
      const nss_status status = function(&out, buffer.data() + offset, size, &error);
      INFO(offset << " " << size);
      REQUIRE(buffer.back() == '\x55');
      if (status == NSS_STATUS_SUCCESS) {
        fitted = true;
        continue;
      }
      REQUIRE_FALSE(fitted);
      REQUIRE(said{status, error} == k_short);
      REQUIRE(buffer == untouched);
      REQUIRE(std::memcmp(&out, &untouched_out, sizeof out) == 0);
    }
    CHECK(fitted);
  }
}

}  // namespace

TEST_CASE_METHOD(nss_fixture,
                 "a buffer that is too small gets ERANGE and is not written to, whatever its size and alignment") {
  check_sizes<passwd>([&](auto... rest) { return module.getpwnam_r("site_1", rest...); });
  check_sizes<passwd>([&](auto... rest) { return module.getpwuid_r(20000, rest...); });
  check_sizes<group>([&](auto... rest) { return module.getgrnam_r("site_1", rest...); });
  check_sizes<group>([&](auto... rest) { return module.getgrgid_r(20000, rest...); });
  check_sizes<spwd>([&](auto... rest) { return module.getspnam_r("site_1", rest...); });
}

TEST_CASE_METHOD(nss_fixture, "the list of members is aligned, whatever the buffer") {
  for (std::size_t offset = 0; offset < 16; ++offset) {
    alignas(16) char buffer[256];
    group out{};
    int error = 0;
    REQUIRE(module.getgrnam_r("site_1", &out, buffer + offset, sizeof buffer - offset, &error) == NSS_STATUS_SUCCESS);
    CHECK(reinterpret_cast<std::uintptr_t>(out.gr_mem) % alignof(char*) == 0);
  }
}

TEST_CASE("the longest entry fits the 1024 bytes that most callers try first") {
  account a = make_account(std::string(32, 'a'), 4294967294U);
  while (a.name.size() * 2 + a.gecos.size() + 59 < heberg::directory::k_line_max) a.gecos.push_back('g');
  const nss_fixture directory(std::vector<account>{a});
  passwd out{};
  passwd* result = nullptr;
  char buffer[1024];
  CHECK(::getpwnam_r(a.name.c_str(), &out, buffer, sizeof buffer, &result) == 0);
  REQUIRE(result != nullptr);
  CHECK(std::string(out.pw_gecos) == a.gecos);
}

TEST_CASE_METHOD(nss_fixture, "a site is in its own group alone") {
  gid_t groups[8] = {};
  int count = 8;
  REQUIRE(::getgrouplist("site_1", 20000, groups, &count) == 1);
  CHECK(groups[0] == 20000);
  count = 8;
  REQUIRE(::getgrouplist("site_1", 100, groups, &count) == 2);
  CHECK(groups[0] == 100);
  CHECK(groups[1] == 20000);
}

TEST_CASE_METHOD(nss_fixture, "initgroups grows the list within its limit, and adds no group twice") {
  long start = 1;
  long size = 1;
  auto* groups = static_cast<gid_t*>(std::malloc(sizeof(gid_t)));
  groups[0] = 100;
  int error = 0;
  SECTION("it grows") {
    CHECK(module.initgroups_dyn("site_1", 100, &start, &size, &groups, 0, &error) == NSS_STATUS_SUCCESS);
    REQUIRE(start == 2);
    CHECK(size >= 2);
    CHECK(groups[1] == 20000);
    CHECK(module.initgroups_dyn("site_1", 100, &start, &size, &groups, 0, &error) == NSS_STATUS_SUCCESS);
    CHECK(start == 2);
  }
  SECTION("up to the limit") {
    CHECK(module.initgroups_dyn("site_1", 100, &start, &size, &groups, 2, &error) == NSS_STATUS_SUCCESS);
    CHECK(start == 2);
    CHECK(size == 2);
  }
  SECTION("and not beyond") {
    CHECK(module.initgroups_dyn("site_1", 100, &start, &size, &groups, 1, &error) == NSS_STATUS_SUCCESS);
    CHECK(start == 1);
    CHECK(size == 1);
  }
  std::free(groups);
}

TEST_CASE_METHOD(nss_fixture, "no descriptor outlives a call") {
  const std::size_t before = count_descriptors();
  for (const char* name : {"site_1", "site_9"}) {
    find_passwd(name);
    find_group(name);
    find_shadow(name);
    find_groups(name);
    CHECK(count_descriptors() == before);
  }
  module.setpwent(1);
  CHECK(next_passwd() == k_success);
  CHECK(count_descriptors() == before);
}
