// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pam_calls.h"
#include "pam_session.h"

#include <catch2/catch.hpp>

using namespace heberg::test;
namespace fs = std::filesystem;

TEST_CASE_METHOD(pam_fixture, "each state of an account has its answer") {
  const struct {
    const char* user;
    int wanted;
  } rows[] = {
      {"site_1", PAM_SUCCESS},       {"keys_only", PAM_SUCCESS},  // keys still work
      {"future", PAM_SUCCESS},       {"locked", PAM_PERM_DENIED}, {"expired", PAM_ACCT_EXPIRED},
      {"retired", PAM_USER_UNKNOWN}, {"root", PAM_USER_UNKNOWN},
  };
  for (const auto& row : rows) {
    INFO(row.user);
    CHECK(check_account(row.user) == row.wanted);
  }
}

TEST_CASE_METHOD(pam_fixture, "an account that is in one file alone cannot log in") {
  const std::string accounts = read_file(directory().accounts_path());
  const std::string shadow = read_file(directory().shadow_path());
  publish({});
  SECTION("passwd data alone") {
    directory().put(directory().accounts_path(), accounts);
  }
  SECTION("a hash alone") {
    directory().put(directory().shadow_path(), shadow);
  }
  CHECK(check_account("site_1") == PAM_USER_UNKNOWN);
}

TEST_CASE_METHOD(pam_fixture, "where a file of the directory cannot be read, nobody is let in") {
  SECTION("no accounts") {
    fs::remove(directory().accounts_path());
  }
  SECTION("no shadow") {
    fs::remove(directory().shadow_path());
  }
  SECTION("damaged") {
    directory().put(directory().shadow_path(), "x");
  }
  CHECK(check_account("site_1") == PAM_AUTHINFO_UNAVAIL);
}

TEST_CASE_METHOD(pam_fixture, "credentials need nothing, also where the account is gone") {
  CHECK(set_credentials("site_1") == PAM_SUCCESS);
  CHECK(set_credentials("retired") == PAM_SUCCESS);
}

TEST_CASE_METHOD(pam_fixture, "a session's beginning and end are logged, also where the account went in between") {
  clear_calls();
  fs::remove(directory().accounts_path());
  CHECK(open_and_close_session("site_1") == PAM_SUCCESS);
  CHECK(calls().log == std::vector<std::string>{"site site_1: session opened", "site site_1: session closed"});
}

TEST_CASE_METHOD(pam_fixture, "a password is not changed here, and the user is told whom to ask") {
  CHECK(change_password("site_1") == PAM_PERM_DENIED);
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::Contains("administrator"));
}
