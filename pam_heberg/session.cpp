// SPDX-License-Identifier: LGPL-2.1-or-later
// session: logs when a site's session began and ended. The directory is not read: at the end the account may be gone,
// and a user who has come this far has been authenticated.
#include "base/names.h"
#include "module.h"
#include "options.h"

#include <security/pam_ext.h>

#include <syslog.h>

namespace {

int log_session(pam_handle_t* pamh, const char* what, int argc, const char** argv) noexcept {
  const heberg::pam::options options(pamh, argc, argv);  // logs unknown options
  const void* user = nullptr;
  if (::pam_get_item(pamh, PAM_USER, &user) != PAM_SUCCESS || user == nullptr) return PAM_SESSION_ERR;
  const auto* name = static_cast<const char*>(user);
  if (!heberg::is_site_name(name)) return PAM_IGNORE;
  ::pam_syslog(pamh, LOG_INFO, "site %s: session %s", name, what);
  return PAM_SUCCESS;
}

}  // namespace

HEBERG_PAM_EXPORT int pam_sm_open_session(pam_handle_t* pamh, int /*flags*/, int argc, const char** argv) noexcept {
  return log_session(pamh, "opened", argc, argv);
}

HEBERG_PAM_EXPORT int pam_sm_close_session(pam_handle_t* pamh, int /*flags*/, int argc, const char** argv) noexcept {
  return log_session(pamh, "closed", argc, argv);
}
