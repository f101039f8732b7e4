// SPDX-License-Identifier: LGPL-2.1-or-later
// The options behind pam_heberg.so in a pam.d file:
//   debug            log what each call decided, and why (never a password or a hash)
//   quiet            do not log failures for names that are no site's: another module of the stack may know them
//   directory=PATH   where the directory is published (an absolute path), instead of the built-in one
//   sessions=N       account: refuse an account's login while N processes (of sshd: connections) have logged in to it;
//                    1 to 64. Without it, they are not counted
//   sessions_file=PATH   where they are counted (an absolute path), instead of /run/heberg-sessions
//   use_first_pass, try_first_pass   as in every module; libpam's own pam_get_authtok() acts on them
// Any other option is logged and otherwise ignored: a typing error must not lock all users out.
#pragma once

#include "directory/open_file.h"

#include <security/pam_modules.h>

namespace heberg::pam {

class options {
 public:
  options(pam_handle_t* pamh, int argc, const char** argv) noexcept;
  options(const options&) = delete;
  options& operator=(const options&) = delete;

  [[nodiscard]] bool debug() const noexcept { return debug_; }
  [[nodiscard]] bool quiet() const noexcept { return quiet_; }
  [[nodiscard]] unsigned sessions() const noexcept { return sessions_; }               // 0: any number
  [[nodiscard]] const char* sessions_file() const noexcept { return sessions_file_; }  // of argv, or a constant
  [[nodiscard]] directory::source accounts() const noexcept;
  [[nodiscard]] directory::source shadow() const noexcept;

 private:
  [[nodiscard]] bool use_folder(const char* folder) noexcept;

  bool debug_ = false;
  bool quiet_ = false;
  unsigned sessions_ = 0;
  const char* sessions_file_ = "/run/heberg-sessions";
  char accounts_[512];
  char shadow_[512];
};

}  // namespace heberg::pam
