// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pam_calls.h"
#include "pam_session.h"

#include <catch2/catch.hpp>
#include <crypt.h>

#include <algorithm>

using namespace heberg::test;
using heberg::directory::account;
namespace fs = std::filesystem;

namespace {

// What sshd sends where it does not know the name, or the name may not log in.
constexpr char k_junk[] = "\b\n\r\177INCORRECT";

constexpr char k_default_cost[] = "$y$j9T$";

// One attempt, in which exactly one crypt was computed and all that it touched was wiped.
int attempt(pam_fixture& pam, const char* user, const char* password) {
  clear_calls();
  const int result = pam.authenticate(user, password);
  REQUIRE(calls().crypts.size() == 1);
  const auto wiped = std::make_pair(calls().crypts[0].data, sizeof(crypt_data));
  const auto& wipes = calls().wipes;
  CHECK(std::find(wipes.begin(), wipes.end(), wiped) != wipes.end());
  return result;
}

std::string log_text() {
  std::string text;
  for (const std::string& line : calls().log) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE_METHOD(pam_fixture, "the right password is accepted, with one crypt of the account's own hash") {
  CHECK(attempt(*this, "site_1", k_right) == PAM_SUCCESS);
  CHECK(calls().crypts[0].setting == right_hash());
  CHECK(calls().crypts[0].phrase == k_right);
  CHECK(calls().log.empty());
}

TEST_CASE_METHOD(pam_fixture, "a hash of any method of crypt(5) is taken") {
  CHECK(attempt(*this, "sha512", k_right) == PAM_SUCCESS);
  CHECK(attempt(*this, "sha512", "wrong") == PAM_AUTH_ERR);
}

TEST_CASE_METHOD(pam_fixture, "a wrong password is refused, and the log names the site and the client") {
  for (const char* password : {"wrong", "right passwor", "right password ", "Right password", k_junk}) {
    INFO(password);
    CHECK(attempt(*this, "site_1", password) == PAM_AUTH_ERR);
    CHECK(calls().crypts[0].setting == right_hash());
    CHECK_THAT(log_text(), Catch::Contains("site_1") && Catch::Contains("192.0.2.1"));
    CHECK_THAT(log_text(), !Catch::Contains(password));
  }
}

TEST_CASE_METHOD(pam_fixture, "an unknown name costs one crypt at Debian's default cost, and is never logged") {
  for (const char* user : {"site_9", "hunter2-my-password", "root", "../../etc/passwd", "a\nb"}) {
    for (const char* password : {k_right, k_junk}) {
      INFO(user);
      CHECK(attempt(*this, user, password) == PAM_USER_UNKNOWN);
      CHECK_THAT(calls().crypts[0].setting, Catch::StartsWith(k_default_cost));
      CHECK_THAT(log_text(), Catch::Contains("192.0.2.1") && !Catch::Contains(user));
    }
  }
}

TEST_CASE_METHOD(pam_fixture, "locked and password-less accounts are refused whatever the password, at the same cost") {
  for (const char* user : {"locked", "keys_only"}) {
    for (const char* password : {k_right, "wrong", "*", "!"}) {
      INFO(user << " " << password);
      CHECK(attempt(*this, user, password) == PAM_AUTH_ERR);
      CHECK_THAT(calls().crypts[0].setting, Catch::StartsWith(k_default_cost));
    }
  }
}

TEST_CASE_METHOD(pam_fixture, "the dummy's cost is that of the hashes that syncd makes") {
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  REQUIRE(::crypt_gensalt_rn("$y$", 0, nullptr, 0, setting, sizeof setting) != nullptr);
  CHECK_THAT(std::string(setting), Catch::StartsWith(k_default_cost));
  CHECK(attempt(*this, "site_9", "x") == PAM_USER_UNKNOWN);
  // Same method and parameters, a salt of the same length, a whole hash.
  CHECK(calls().crypts[0].setting.size() == right_hash().size());
}

TEST_CASE_METHOD(pam_fixture, "empty and overlong passwords are refused, with one crypt all the same") {
  CHECK(attempt(*this, "site_1", "") == PAM_AUTH_ERR);
  CHECK(attempt(*this, "site_1", std::string(CRYPT_MAX_PASSPHRASE_SIZE, 'x').c_str()) == PAM_AUTH_ERR);
  CHECK(attempt(*this, "site_1", std::string(100000, 'x').c_str()) == PAM_AUTH_ERR);
  CHECK(attempt(*this, "site_9", "") == PAM_USER_UNKNOWN);
}

TEST_CASE_METHOD(pam_fixture, "the longest password that crypt takes is taken") {
  const std::string longest(CRYPT_MAX_PASSPHRASE_SIZE - 1, 'x');
  crypt_data data{};
  account a = make_account("site_1", 20000);
  a.hash = ::crypt_r(longest.c_str(), "$6$abcdefgh$", &data);
  publish({a});
  CHECK(attempt(*this, "site_1", longest.c_str()) == PAM_SUCCESS);
}

TEST_CASE_METHOD(pam_fixture, "a hash that no method knows matches nothing, not even itself") {
  CHECK(attempt(*this, "broken", k_right) == PAM_AUTH_ERR);
  CHECK(attempt(*this, "broken", "$nonsense$") == PAM_AUTH_ERR);
  account overlong = make_account("overlong", 20000);
  overlong.hash = std::string(CRYPT_OUTPUT_SIZE, 'h');
  publish({overlong});
  CHECK(attempt(*this, "overlong", k_right) == PAM_AUTH_ERR);
}

TEST_CASE_METHOD(pam_fixture, "no password can be had: no crypt, and libpam's error") {
  clear_calls();
  CHECK(authenticate("site_1", nullptr) == PAM_AUTHTOK_ERR);
  CHECK(calls().crypts.empty());
}

TEST_CASE_METHOD(
    pam_fixture,
    "a directory that cannot be read is AUTHINFO_UNAVAIL for every name, with one crypt, the log says why") {
  const std::string path = directory().shadow_path();
  const char* reason = "";
  SECTION("missing") {
    fs::remove(path);
    reason = "No such file";
  }
  SECTION("damaged") {
    directory().put(path, read_file(path).substr(1));
    reason = "damaged";
  }
  SECTION("untrusted") {
    fs::permissions(path, fs::perms(0660));
    reason = "owner";
  }
  for (const char* user : {"site_1", "site_9"}) {
    CHECK(attempt(*this, user, k_right) == PAM_AUTHINFO_UNAVAIL);
    CHECK_THAT(calls().crypts[0].setting, Catch::StartsWith(k_default_cost));
    CHECK_THAT(log_text(), Catch::Contains(path) && Catch::Contains(reason) && !Catch::Contains("site_9"));
  }
}

TEST_CASE_METHOD(pam_fixture, "a new password holds at the next attempt, and the old one no longer") {
  std::vector<account> accounts = typical_accounts();
  CHECK(attempt(*this, "site_1", k_right) == PAM_SUCCESS);
  crypt_data data{};
  accounts[0].hash = ::crypt_r("new password", "$6$abcdefgh$", &data);
  publish(accounts);
  CHECK(attempt(*this, "site_1", k_right) == PAM_AUTH_ERR);
  CHECK(attempt(*this, "site_1", "new password") == PAM_SUCCESS);
}

TEST_CASE_METHOD(pam_fixture, "no descriptor outlives an attempt") {
  const auto count = [] { return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()); };
  attempt(*this, "site_1", k_right);
  const auto before = count();
  attempt(*this, "site_1", k_right);
  attempt(*this, "site_9", k_right);
  CHECK(count() == before);
}
