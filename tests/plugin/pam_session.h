// SPDX-License-Identifier: LGPL-2.1-or-later
// A PAM transaction against the module under test, in a folder of its own: pam.d file, directory and all.
#pragma once

#include "support/published.h"

#include <security/pam_appl.h>

#include <string>
#include <vector>

namespace heberg::test {

// yescrypt at Debian's default cost of "right password".
const std::string& right_hash();
inline constexpr char k_right[] = "right password";

class pam_fixture {
 public:
  pam_fixture();

  // The lines of the service's pam.d file; MODULE stands for the module with directory=….
  void configure(const std::string& text) const;

  void publish(const std::vector<directory::account>& accounts) const { directory_.publish(accounts); }
  [[nodiscard]] const published& directory() const { return directory_; }
  [[nodiscard]] static const char* module_path();
  // A file that no account has sessions in yet.
  [[nodiscard]] std::string sessions_file() const { return services_ / "sessions"; }

  // One transaction each: pam_start, the call, pam_end. No password: the conversation fails.
  int authenticate(const char* user, const char* password);
  int check_account(const char* user);
  // As check_account(), but the transaction does not end before this process does.
  int keep_account(const char* user);
  int open_and_close_session(const char* user);
  int set_credentials(const char* user);
  int change_password(const char* user);

  std::vector<std::string> told;  // to the user, in the last transaction

 private:
  template <typename call>
  int transact(const char* user, const char* password, call function);

  published directory_;
  temp_dir services_;
};

// site_1 (right_hash), locked, keys_only, expired, future (expires some day), sha512, broken (a hash no method knows)
std::vector<heberg::directory::account> typical_accounts();

}  // namespace heberg::test
