// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory.h"

#include <security/pam_ext.h>

#include <string.h>
#include <syslog.h>

#include <cerrno>

namespace heberg::pam {

const char* reason_of(int error) noexcept {
  const char* text = ::strerrordesc_np(error);
  return text != nullptr ? text : "error";
}

namespace {

using directory::status;

int translate(pam_handle_t* pamh, status result, const char* path) noexcept {
  switch (result) {
    case status::found:
      return PAM_SUCCESS;
    case status::not_found:
      return PAM_USER_UNKNOWN;
    case status::missing:
      ::pam_syslog(pamh, LOG_ERR, "open %s: %s", path, reason_of(errno));
      break;
    case status::untrusted:
      ::pam_syslog(pamh, LOG_ERR,
                   "%s: not read: it must be a regular file of its trusted owner that no other user can write", path);
      break;
    case status::short_buffer:
    case status::damaged:
      ::pam_syslog(pamh, LOG_ERR, "%s: damaged: heberg-syncd writes it anew when it is restarted", path);
      break;
  }
  return PAM_AUTHINFO_UNAVAIL;
}

std::string_view view_of(const char* user) noexcept {
  return user == nullptr ? std::string_view() : std::string_view(user);
}

}  // namespace

int look_up(pam_handle_t* pamh, const options& options, const char* user, directory::record_buffer& buffer,
            directory::account_entry& out) noexcept {
  const directory::source from = options.accounts();
  return translate(pamh, directory::find_account(from, view_of(user), buffer, out), from.path);
}

int look_up(pam_handle_t* pamh, const options& options, const char* user, directory::record_buffer& buffer,
            directory::shadow_entry& out) noexcept {
  const directory::source from = options.shadow();
  return translate(pamh, directory::find_shadow(from, view_of(user), buffer, out), from.path);
}

}  // namespace heberg::pam
