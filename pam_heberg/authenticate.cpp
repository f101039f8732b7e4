// SPDX-License-Identifier: LGPL-2.1-or-later
// auth: whether the password is the account's. Unknown, locked and password-less names cost what a known one costs, and
// differ from it in nothing that the client can see; PAM_USER_UNKNOWN is for the next module of the stack.
#include "directory.h"
#include "module.h"
#include "options.h"
#include "verify.h"

#include <security/pam_ext.h>

#include <string.h>
#include <syslog.h>

namespace heberg::pam {
namespace {

const char* remote_host(pam_handle_t* pamh) noexcept {
  const void* host = nullptr;
  return ::pam_get_item(pamh, PAM_RHOST, &host) == PAM_SUCCESS && host != nullptr ? static_cast<const char*>(host)
                                                                                  : "?";
}

// What the account has that a password could match; empty: nothing.
std::string_view usable_hash(const directory::shadow_entry& entry) noexcept {
  return entry.is_locked() || entry.hash == "*" ? std::string_view() : entry.hash;
}

int judge(pam_handle_t* pamh, const options& options, const char* user, const char* password) noexcept {
  directory::record_buffer buffer;
  directory::shadow_entry entry;
  const int known = look_up(pamh, options, user, buffer, entry);
  const std::string_view hash = known == PAM_SUCCESS ? usable_hash(entry) : std::string_view();
  const bool has_hash = !hash.empty();
  const password_match result = verify(password, hash);
  ::explicit_bzero(&buffer, sizeof buffer);

  if (result == password_match::no_memory) return PAM_BUF_ERR;
  if (known == PAM_AUTHINFO_UNAVAIL) return known;
  if (known == PAM_USER_UNKNOWN) {
    if (!options.quiet()) {
      ::pam_syslog(pamh, LOG_NOTICE, "authentication failure for an unknown user, from %.255s", remote_host(pamh));
    }
    return known;
  }
  if (result == password_match::match) {
    if (options.debug()) ::pam_syslog(pamh, LOG_DEBUG, "site %s: password accepted", user);
    return PAM_SUCCESS;
  }
  ::pam_syslog(pamh, LOG_NOTICE, "site %s: authentication failure%s, from %.255s", user,
               has_hash ? "" : " (no password login)", remote_host(pamh));
  return PAM_AUTH_ERR;
}

}  // namespace
}  // namespace heberg::pam

HEBERG_PAM_EXPORT int pam_sm_authenticate(pam_handle_t* pamh, int /*flags*/, int argc, const char** argv) noexcept {
  const heberg::pam::options options(pamh, argc, argv);
  const char* user = nullptr;
  const char* password = nullptr;
  // libpam keeps both, and wipes the password when it ends.
  if (const int error = ::pam_get_user(pamh, &user, nullptr); error != PAM_SUCCESS) {
    return error == PAM_CONV_AGAIN ? PAM_INCOMPLETE : error;
  }
  if (const int error = ::pam_get_authtok(pamh, PAM_AUTHTOK, &password, nullptr); error != PAM_SUCCESS) {
    return error == PAM_CONV_AGAIN ? PAM_INCOMPLETE : error;
  }
  return heberg::pam::judge(pamh, options, user, password);
}

// Groups come from initgroups(3); there is nothing else to give.
HEBERG_PAM_EXPORT int pam_sm_setcred(pam_handle_t* /*pamh*/, int /*flags*/, int /*argc*/,
                                     const char** /*argv*/) noexcept {
  return PAM_SUCCESS;
}
