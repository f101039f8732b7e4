// SPDX-License-Identifier: LGPL-2.1-or-later
// account: whether a login, by password or by key, may go on.
#include "directory.h"
#include "module.h"
#include "options.h"

#include <security/pam_ext.h>

#include <string.h>
#include <syslog.h>

#include <ctime>

namespace heberg::pam {
namespace {

constexpr std::time_t k_day = 24 * 60 * 60;

bool is_expired(const directory::shadow_entry& entry) noexcept {
  return entry.expire >= 0 && std::time(nullptr) / k_day >= entry.expire;
}

// Both files must know the name: while one is published and the other not yet, no new account can log in.
int judge_account(pam_handle_t* pamh, const options& options, const char* user) noexcept {
  directory::record_buffer buffer;
  directory::account_entry account;
  directory::shadow_entry shadow;
  if (const int known = look_up(pamh, options, user, buffer, account); known != PAM_SUCCESS) return known;
  const int known = look_up(pamh, options, user, buffer, shadow);
  const bool locked = known == PAM_SUCCESS && shadow.is_locked();
  const bool expired = known == PAM_SUCCESS && is_expired(shadow);
  ::explicit_bzero(&buffer, sizeof buffer);

  if (known != PAM_SUCCESS) return known;
  if (locked) {
    ::pam_syslog(pamh, LOG_NOTICE, "site %s: locked, login refused", user);
    return PAM_PERM_DENIED;
  }
  if (expired) {
    ::pam_syslog(pamh, LOG_NOTICE, "site %s: expired, login refused", user);
    return PAM_ACCT_EXPIRED;
  }
  if (options.debug()) ::pam_syslog(pamh, LOG_DEBUG, "site %s: login allowed", user);
  return PAM_SUCCESS;
}

}  // namespace
}  // namespace heberg::pam

HEBERG_PAM_EXPORT int pam_sm_acct_mgmt(pam_handle_t* pamh, int /*flags*/, int argc, const char** argv) noexcept {
  const heberg::pam::options options(pamh, argc, argv);
  const char* user = nullptr;
  if (const int error = ::pam_get_user(pamh, &user, nullptr); error != PAM_SUCCESS) return error;
  return heberg::pam::judge_account(pamh, options, user);
}
