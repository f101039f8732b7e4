// SPDX-License-Identifier: LGPL-2.1-or-later
// The module among others, and its options.
#include "pam_calls.h"
#include "pam_session.h"

#include <catch2/catch.hpp>

using namespace heberg::test;

namespace {

bool logged(const char* text) {
  for (const std::string& line : calls().log) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE_METHOD(pam_fixture, "an unknown name may go on to the next module, a site's wrong password may not") {
  configure(
      "auth [success=done user_unknown=ignore authinfo_unavail=die default=die] MODULE\n"
      "auth required pam_permit.so\n");
  CHECK(authenticate("local", "x") == PAM_SUCCESS);
  CHECK(authenticate("site_1", k_right) == PAM_SUCCESS);
  CHECK(authenticate("site_1", "wrong") == PAM_AUTH_ERR);
  std::filesystem::remove(directory().shadow_path());
  CHECK(authenticate("local", "x") == PAM_AUTHINFO_UNAVAIL);
}

TEST_CASE_METHOD(pam_fixture, "use_first_pass takes the password that a module before asked for") {
  configure(
      "auth optional MODULE\n"
      "auth required MODULE use_first_pass\n");
  clear_calls();
  CHECK(authenticate("site_1", k_right) == PAM_SUCCESS);
  CHECK(calls().crypts.size() == 2);
  CHECK(calls().log.empty());
}

TEST_CASE_METHOD(pam_fixture, "use_first_pass without a password to use is an error, not a question") {
  configure("auth required MODULE use_first_pass\n");
  clear_calls();
  CHECK(authenticate("site_1", k_right) != PAM_SUCCESS);
  CHECK(calls().crypts.empty());
}

TEST_CASE_METHOD(pam_fixture, "an unknown option is logged and locks nobody out") {
  configure("auth required MODULE debgu nullok\n");
  clear_calls();
  CHECK(authenticate("site_1", k_right) == PAM_SUCCESS);
  CHECK(logged("debgu"));
  CHECK(logged("nullok"));
}

TEST_CASE_METHOD(pam_fixture,
                 "a directory that is no absolute path, or too long, is logged, the built-in one is used") {
  for (const std::string& path : {std::string("relative"), std::string(), "/" + std::string(600, 'x')}) {
    configure("auth required " + std::string(module_path()) + " directory=" + path + "\n");
    clear_calls();
    CHECK(authenticate("site_1", k_right) == PAM_AUTHINFO_UNAVAIL);
    CHECK(logged("invalid option directory="));
    CHECK(logged("/nonexistent/heberg/shadow.cdb"));
  }
}

TEST_CASE_METHOD(pam_fixture, "debug says what was decided, and neither password nor hash") {
  configure("auth required MODULE debug\naccount required MODULE debug\n");
  clear_calls();
  CHECK(authenticate("site_1", k_right) == PAM_SUCCESS);
  CHECK(check_account("site_1") == PAM_SUCCESS);
  CHECK(logged("password accepted"));
  CHECK(logged("login allowed"));
  CHECK_FALSE(logged(k_right));
  CHECK_FALSE(logged("$y$"));
}
