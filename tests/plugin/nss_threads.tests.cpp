// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nss_module.h"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

using namespace heberg::test;
using heberg::directory::account;

namespace {

constexpr int k_forks = 64;             // a sanitizer makes each one slow
constexpr std::uint32_t k_stable = 50;  // accounts that are in every directory; the others come and go

bool is_right(const passwd& p, std::uint32_t index) {
  return p.pw_uid == 20000 + index && p.pw_gid == p.pw_uid &&
         std::string(p.pw_name) == "site_" + std::to_string(index + 1) &&
         std::string(p.pw_dir) == std::string("/sites/") + p.pw_name;
}

// Right, or (where that may be) not there.
bool look_once(std::uint32_t index, bool may_be_absent) {
  const std::string name = "site_" + std::to_string(index + 1);
  passwd out{};
  passwd* result = nullptr;
  char buffer[1024];
  if (::getpwnam_r(name.c_str(), &out, buffer, sizeof buffer, &result) != 0) return false;
  if (result == nullptr) return may_be_absent;
  if (!is_right(out, index)) return false;
  if (::getpwuid_r(20000 + index, &out, buffer, sizeof buffer, &result) != 0) return false;
  return result == nullptr ? may_be_absent : is_right(out, index);
}

}  // namespace

TEST_CASE("8 threads and their forks see only true accounts while the directory is published 100 times") {
  const nss_fixture directory(k_stable * 2);
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> looks = 0;
  std::atomic<int> forks = 0;
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint32_t i = t; !done; i += 7) {
        if (!look_once(i % k_stable, false) || !look_once(k_stable + i % k_stable, true)) ++wrong;
        gid_t groups[4];
        int count = 4;
        if (::getgrouplist("site_1", 20000, groups, &count) != 1) ++wrong;
        ++looks;
        if (i % 64 == 0 && forks < k_forks) {
          // No lock of the module's can be held in the child by a thread that is not there.
          const pid_t child = ::fork();
          if (child == 0) {
            ::alarm(30);
            ::_exit(look_once(i % k_stable, false) ? 0 : 1);
          }
          int status = -1;
          if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) ++wrong;
          ++forks;
        }
      }
    });
  }
  for (std::uint32_t round = 0; round < 100; ++round) {
    directory.publish(make_accounts(k_stable + 1 + round % k_stable));
    while (looks < static_cast<int>(round * 8)) std::this_thread::yield();
  }
  while (forks < k_forks) std::this_thread::yield();
  done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(looks >= 700);
}

// ThreadSanitizer cannot see the lock inside glibc that makes this one right, and calls it a race.
#ifndef __SANITIZE_THREAD__
TEST_CASE("threads that enumerate together share glibc's one cursor, and every site is given once") {
  const nss_fixture directory(2000);
  std::atomic<int> given = 0;
  std::vector<std::thread> threads;
  ::setpwent();
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      passwd out{};
      passwd* result = nullptr;
      char buffer[1024];
      while (::getpwent_r(&out, buffer, sizeof buffer, &result) == 0) ++given;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(given == 2000);
}
#endif
