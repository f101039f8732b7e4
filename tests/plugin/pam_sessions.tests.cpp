// SPDX-License-Identifier: LGPL-2.1-or-later
// The option sessions=: how many processes an account may have.
#include "pam_calls.h"
#include "pam_session.h"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

using namespace heberg::test;
namespace fs = std::filesystem;

namespace {

// A process that has logged in, as a connection's sshd.
class login {
 public:
  login(pam_fixture& fixture, const char* user) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      const int result = fixture.keep_account(user);
      (void)!::write(ends[1], &result, sizeof result);
      for (;;) ::pause();
    }
    ::close(ends[1]);
    if (::read(ends[0], &result_, sizeof result_) != sizeof result_) result_ = -1;
    ::close(ends[0]);
  }
  ~login() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  login(const login&) = delete;
  login& operator=(const login&) = delete;
  [[nodiscard]] int result() const { return result_; }

 private:
  pid_t process_ = 0;
  int result_ = -1;
};

struct sessions_fixture : pam_fixture {
  sessions_fixture() { limit("3"); }
  void limit(const std::string& number) const {
    configure("account required MODULE sessions=" + number + " sessions_file=" + sessions_file() + "\n");
  }
};

}  // namespace

TEST_CASE_METHOD(sessions_fixture, "an account has so many sessions at a time, and another account its own") {
  std::vector<std::unique_ptr<login>> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(std::make_unique<login>(*this, "site_1"));
    CHECK(open.back()->result() == PAM_SUCCESS);
  }
  CHECK(check_account("site_1") == PAM_PERM_DENIED);
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::Contains("site_1 has 3 connections open") && Catch::Contains("close one of them"));
  CHECK(login(*this, "site_1").result() == PAM_PERM_DENIED);
  CHECK(login(*this, "future").result() == PAM_SUCCESS);

  // Killed: nothing of its own could tell that it ended.
  open.erase(open.begin() + 1);
  CHECK(login(*this, "site_1").result() == PAM_SUCCESS);
  CHECK(check_account("site_1") == PAM_SUCCESS);
}

TEST_CASE_METHOD(sessions_fixture, "a session that ends by itself, or asks twice, leaves its place free") {
  for (int i = 0; i < 10; ++i) CHECK(check_account("site_1") == PAM_SUCCESS);
  configure("account required MODULE sessions=1 sessions_file=" + sessions_file() +
            "\naccount required MODULE sessions=1 sessions_file=" + sessions_file() + "\n");
  CHECK(login(*this, "site_1").result() == PAM_SUCCESS);
}

TEST_CASE_METHOD(sessions_fixture, "a login that is refused for another reason takes no place") {
  limit("1");
  const login locked(*this, "locked");
  CHECK(locked.result() == PAM_PERM_DENIED);
  CHECK_FALSE(fs::exists(sessions_file()));
}

TEST_CASE_METHOD(sessions_fixture, "where sessions cannot be counted, nobody is let in") {
  clear_calls();
  SECTION("a link") {
    fs::create_symlink("/dev/null", sessions_file());
  }
  SECTION("a file that others can write") {
    write_file(sessions_file(), "");
    REQUIRE(::chmod(sessions_file().c_str(), 0622) == 0);
  }
  SECTION("a fifo") {
    REQUIRE(::mkfifo(sessions_file().c_str(), 0600) == 0);
  }
  SECTION("no such folder") {
    configure("account required MODULE sessions=3 sessions_file=/nonexistent/x\n");
  }
  CHECK(check_account("site_1") == PAM_AUTHINFO_UNAVAIL);
  REQUIRE(calls().log.size() == 1);
  CHECK_THAT(calls().log[0], Catch::Contains("login refused"));
}

TEST_CASE_METHOD(sessions_fixture, "a number that is none is named in the log, and the usual limit holds") {
  const auto* number = GENERATE("0", "65", "", "-1", "3x", "100");
  INFO(number);
  limit(number);
  clear_calls();
  CHECK(check_account("site_1") == PAM_SUCCESS);
  REQUIRE(calls().log.size() == 1);
  CHECK_THAT(calls().log[0], Catch::Contains(std::string("invalid option sessions=") + number + ": 20 is used"));
  CHECK(fs::exists(sessions_file()));
}
