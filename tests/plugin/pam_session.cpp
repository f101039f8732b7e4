// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pam_session.h"

#include <crypt.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace heberg::test {
namespace {

struct talk {
  const char* password;
  std::vector<std::string>* told;
};

int converse(int count, const pam_message** messages, pam_response** responses, void* data) {
  const auto* with = static_cast<const talk*>(data);
  auto* answers = static_cast<pam_response*>(std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  for (int i = 0; i < count; ++i) {
    const int style = messages[i]->msg_style;
    if (style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON) {
      if (with->password == nullptr) {
        std::free(answers);
        return PAM_CONV_ERR;
      }
      answers[i].resp = ::strdup(with->password);
    } else {
      with->told->emplace_back(messages[i]->msg);
    }
  }
  *responses = answers;
  return PAM_SUCCESS;
}

std::string hash_of(const char* password, const char* setting) {
  auto data = std::make_unique<crypt_data>();
  const char* hash = ::crypt_r(password, setting, data.get());
  if (hash == nullptr || hash[0] == '*') throw std::runtime_error("crypt_r");
  return hash;
}

}  // namespace

const std::string& right_hash() {
  static const std::string hash = hash_of(k_right, "$y$j9T$abcdefghijklmnopqrstu.");
  return hash;
}

std::vector<heberg::directory::account> typical_accounts() {
  std::vector<heberg::directory::account> out;
  const auto add = [&](const char* name, const std::string& hash) -> heberg::directory::account& {
    out.push_back(make_account(name, 20000 + static_cast<std::uint32_t>(out.size())));
    out.back().hash = hash;
    return out.back();
  };
  add("site_1", right_hash());
  add("locked", right_hash()).locked = true;
  add("keys_only", "*");
  add("expired", right_hash()).expire = 19000;
  add("future", right_hash()).expire = 40000;
  add("sha512", hash_of(k_right, "$6$abcdefgh$"));
  add("broken", "$nonsense$");
  return out;
}

pam_fixture::pam_fixture() : directory_(typical_accounts()) {
  write_file(services_ / "other", "auth required pam_deny.so\n");  // libpam wants one
  configure(
      "auth required MODULE\n"
      "account required MODULE\n"
      "session required MODULE\n"
      "password required MODULE\n");
}

const char* pam_fixture::module_path() {
  return HEBERG_TEST_MODULE;
}

void pam_fixture::configure(const std::string& text) const {
  const std::string module = std::string(module_path()) + " directory=" + directory_.folder();
  std::string lines = text;
  for (std::size_t at = 0; (at = lines.find("MODULE", at)) != std::string::npos; at += module.size()) {
    lines.replace(at, std::strlen("MODULE"), module);
  }
  write_file(services_ / "heberg-test", lines);
}

template <typename call>
int pam_fixture::transact(const char* user, const char* password, call function) {
  told.clear();
  const talk with{password, &told};
  const pam_conv conversation{converse, const_cast<talk*>(&with)};
  pam_handle_t* pamh = nullptr;
  int result = ::pam_start_confdir("heberg-test", user, &conversation, services_.path().c_str(), &pamh);
  if (result != PAM_SUCCESS) throw std::runtime_error("pam_start_confdir");
  ::pam_set_item(pamh, PAM_RHOST, "192.0.2.1");
  result = function(pamh);
  ::pam_end(pamh, result);
  return result;
}

int pam_fixture::authenticate(const char* user, const char* password) {
  return transact(user, password, [](pam_handle_t* pamh) { return ::pam_authenticate(pamh, 0); });
}
int pam_fixture::check_account(const char* user) {
  return transact(user, nullptr, [](pam_handle_t* pamh) { return ::pam_acct_mgmt(pamh, 0); });
}
int pam_fixture::keep_account(const char* user) {
  told.clear();
  const talk with{nullptr, &told};
  const pam_conv conversation{converse, const_cast<talk*>(&with)};
  pam_handle_t* pamh = nullptr;
  if (::pam_start_confdir("heberg-test", user, &conversation, services_.path().c_str(), &pamh) != PAM_SUCCESS)
    throw std::runtime_error("pam_start_confdir");
  return ::pam_acct_mgmt(pamh, 0);
}
int pam_fixture::open_and_close_session(const char* user) {
  return transact(user, nullptr, [](pam_handle_t* pamh) {
    const int opened = ::pam_open_session(pamh, 0);
    return opened == PAM_SUCCESS ? ::pam_close_session(pamh, 0) : opened;
  });
}
int pam_fixture::set_credentials(const char* user) {
  return transact(user, nullptr, [](pam_handle_t* pamh) { return ::pam_setcred(pamh, PAM_ESTABLISH_CRED); });
}
int pam_fixture::change_password(const char* user) {
  return transact(user, "new password", [](pam_handle_t* pamh) { return ::pam_chauthtok(pamh, 0); });
}

}  // namespace heberg::test
