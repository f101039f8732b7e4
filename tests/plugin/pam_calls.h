// SPDX-License-Identifier: LGPL-2.1-or-later
// What the PAM module called: this program's crypt_r(), explicit_bzero() and pam_syslog() stand before the libraries'
// own, note the call, and (but for the log) pass it on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace heberg::test {

struct crypt_call {
  std::string phrase;
  std::string setting;
  const void* data;
};

struct pam_calls {
  std::vector<crypt_call> crypts;
  std::vector<std::pair<const void*, std::size_t>> wipes;
  std::vector<std::string> log;
};

pam_calls& calls();  // since the last clear_calls()
void clear_calls();

}  // namespace heberg::test
