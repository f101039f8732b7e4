// SPDX-License-Identifier: LGPL-2.1-or-later
// What the entry points share. Each checks its arguments, looks the user up in the directory, and translates the
// result to PAM_ codes.
#pragma once

#include <security/pam_modules.h>

#define HEBERG_PAM_EXPORT extern "C" __attribute__((visibility("default")))
