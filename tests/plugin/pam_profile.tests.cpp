// SPDX-License-Identifier: LGPL-2.1-or-later
// The profile for pam-auth-update(8) that the package ships, in the stack that Debian makes of it: before pam_unix, for
// which stands a module that accepts, or refuses, everybody.
#include "pam_calls.h"
#include "pam_session.h"

#include <catch2/catch.hpp>

#include <sstream>

using namespace heberg::test;

namespace {

// The line below "Auth:" or "Account:", as pam-auth-update writes it where `behind` Primary modules follow.
std::string read_line(const std::string& heading, int behind) {
  std::istringstream profile(read_file(HEBERG_PAM_PROFILE));
  std::string line;
  while (std::getline(profile, line) && line != heading + ":") {
  }
  REQUIRE(std::getline(profile, line));
  const auto replace = [&line](const std::string& what, const std::string& with) {
    const auto at = line.find(what);
    REQUIRE(at != std::string::npos);
    line.replace(at, what.size(), with);
  };
  replace("=end", "=" + std::to_string(behind + 1));
  replace("pam_heberg.so", "MODULE");
  return line;
}

struct profile_fixture : pam_fixture {
  void configure_beside(const std::string& unix_module) {
    std::string text;
    for (const auto& [type, heading] : {std::pair("auth", "Auth"), std::pair("account", "Account")}) {
      const std::string begin = std::string(type) + " ";
      text += begin + read_line(heading, 1) + "\n" + begin + "[success=1 default=ignore] " + unix_module + "\n" +
              begin + "requisite pam_deny.so\n" + begin + "required pam_permit.so\n";
    }
    configure(text);
    clear_calls();
  }
};

}  // namespace

TEST_CASE_METHOD(profile_fixture,
                 "on a host a locked site is refused, and so is an expired one, whatever pam_unix says") {
  configure_beside("pam_permit.so");
  CHECK(check_account("locked") == PAM_PERM_DENIED);
  CHECK(check_account("expired") == PAM_ACCT_EXPIRED);
  CHECK(authenticate("locked", k_right) == PAM_AUTH_ERR);
}

TEST_CASE_METHOD(profile_fixture,
                 "on a host a site logs in though pam_unix knows nothing of it, at the cost of one crypt") {
  configure_beside("pam_deny.so");
  CHECK(authenticate("site_1", k_right) == PAM_SUCCESS);
  CHECK(check_account("site_1") == PAM_SUCCESS);
  CHECK(authenticate("site_1", "wrong") == PAM_AUTH_ERR);
  CHECK(calls().crypts.size() == 2);
}

TEST_CASE_METHOD(profile_fixture,
                 "on a host local users log in as before, nothing is logged of them, and no directory is needed") {
  configure_beside("pam_permit.so");
  CHECK(authenticate("local", "x") == PAM_SUCCESS);
  CHECK(check_account("local") == PAM_SUCCESS);
  CHECK(check_account("root") == PAM_SUCCESS);
  CHECK(calls().log.empty());
  std::filesystem::remove(directory().shadow_path());
  std::filesystem::remove(directory().accounts_path());
  CHECK(authenticate("local", "x") == PAM_SUCCESS);
  CHECK(check_account("local") == PAM_SUCCESS);
}

TEST_CASE_METHOD(profile_fixture,
                 "on a host nobody comes in whom neither module knows, nor a site without its directory") {
  configure_beside("pam_deny.so");
  CHECK(authenticate("local", "x") != PAM_SUCCESS);
  CHECK(check_account("local") != PAM_SUCCESS);
  std::filesystem::remove(directory().shadow_path());
  CHECK(authenticate("site_1", k_right) != PAM_SUCCESS);
  CHECK(check_account("site_1") != PAM_SUCCESS);
}
