// SPDX-License-Identifier: LGPL-2.1-or-later
// password: a site's password is not changed here, and the user is referred to the administrator. A name that is no
// site's is left to the next module.
#include "directory.h"
#include "module.h"
#include "options.h"

#include <security/pam_ext.h>

HEBERG_PAM_EXPORT int pam_sm_chauthtok(pam_handle_t* pamh, int flags, int argc, const char** argv) noexcept {
  using namespace heberg;
  const pam::options options(pamh, argc, argv);
  const char* user = nullptr;
  if (const int error = ::pam_get_user(pamh, &user, nullptr); error != PAM_SUCCESS) return error;
  directory::record_buffer buffer;
  directory::account_entry entry;
  if (const int known = pam::look_up(pamh, options, user, buffer, entry); known != PAM_SUCCESS) return known;
  // libpam calls twice, first to ask whether it may; the message is shown once.
  if ((flags & PAM_PRELIM_CHECK) != 0) {
    (void)::pam_error(
        pamh, "The password of %s is managed by the administrator of this server: ask the administrator to change it.",
        user);
  }
  return PAM_PERM_DENIED;
}
