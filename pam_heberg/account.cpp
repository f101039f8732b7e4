// SPDX-License-Identifier: LGPL-2.1-or-later
// account: whether a login, by password or by key, may go on. The number of sessions is judged here, not in `session`:
// sshd ends a connection that `account` refuses, and tells the client why; one whose session part fails stays open.
#include "directory.h"
#include "module.h"
#include "options.h"
#include "session_slots.h"

#include <security/pam_ext.h>

#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace heberg::pam {
namespace {

constexpr std::time_t k_day = 24 * 60 * 60;

bool is_expired(const directory::shadow_entry& entry) noexcept {
  return entry.expire >= 0 && std::time(nullptr) / k_day >= entry.expire;
}

constexpr char k_slot[] = "heberg_session_slot";

void close_slot(pam_handle_t* /*pamh*/, void* data, int /*status*/) noexcept {
  ::close(static_cast<int>(reinterpret_cast<std::intptr_t>(data)) - 1);
}

// One slot for this transaction, which its process keeps until pam_end() or its own end.
int count_session(pam_handle_t* pamh, const options& options, const char* user, std::uint32_t uid) noexcept {
  const unsigned most = options.sessions();
  const void* known = nullptr;
  if (most == 0 || ::pam_get_data(pamh, k_slot, &known) == PAM_SUCCESS) return PAM_SUCCESS;
  int held = -1;
  switch (take_slot(options.sessions_file(), HEBERG_TRUSTED_OWNER, uid, most, held)) {
    case slot_result::taken: {
      auto* const data = reinterpret_cast<void*>(static_cast<std::intptr_t>(held) + 1);  // no null for descriptor 0
      const int error = ::pam_set_data(pamh, k_slot, data, &close_slot);
      if (error != PAM_SUCCESS) ::close(held);
      return error;
    }
    case slot_result::none_free:
      ::pam_syslog(pamh, LOG_NOTICE, "site %s: %u connections are open, login refused (option sessions=)", user, most);
      pam_error(pamh, "%s has %u connections open, which is the most: close one of them and connect again.", user,
                most);
      return PAM_PERM_DENIED;
    case slot_result::untrusted:
      ::pam_syslog(pamh, LOG_ERR,
                   "%s: not used, login refused: it must be a regular file of its trusted owner that no other user "
                   "can write: remove it",
                   options.sessions_file());
      break;
    case slot_result::unavailable:
      ::pam_syslog(pamh, LOG_ERR, "%s: %s: sessions cannot be counted, login refused", options.sessions_file(),
                   reason_of(errno));
      break;
  }
  return PAM_AUTHINFO_UNAVAIL;
}

// Both files must know the name: while one is published and the other not yet, no new account can log in.
int judge_account(pam_handle_t* pamh, const options& options, const char* user) noexcept {
  directory::record_buffer buffer;
  directory::account_entry account;
  directory::shadow_entry shadow;
  if (const int known = look_up(pamh, options, user, buffer, account); known != PAM_SUCCESS) return known;
  const int known = look_up(pamh, options, user, buffer, shadow);
  const std::uint32_t uid = account.id;
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
  if (const int counted = count_session(pamh, options, user, uid); counted != PAM_SUCCESS) return counted;
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
