// SPDX-License-Identifier: LGPL-2.1-or-later
// The entry points' lookups in the directory. That it cannot be read is logged here, once; whether a name is in it,
// never: an unknown name may be a password typed into the wrong field.
#pragma once

#include "directory/reader.h"
#include "options.h"

#include <security/pam_modules.h>

namespace heberg::pam {

// strerror(3) without its locale and its static buffer.
[[nodiscard]] const char* reason_of(int error) noexcept;

// PAM_SUCCESS, PAM_USER_UNKNOWN or PAM_AUTHINFO_UNAVAIL.
[[nodiscard]] int look_up(pam_handle_t* pamh, const options& options, const char* user,
                          directory::record_buffer& buffer, directory::account_entry& out) noexcept;
[[nodiscard]] int look_up(pam_handle_t* pamh, const options& options, const char* user,
                          directory::record_buffer& buffer, directory::shadow_entry& out) noexcept;

}  // namespace heberg::pam
