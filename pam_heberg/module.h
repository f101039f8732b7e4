// SPDX-License-Identifier: LGPL-2.1-or-later
// What the entry points share. Each guards its arguments, looks into the directory, and translates to PAM_ codes.
#pragma once

#include <security/pam_modules.h>

#define HEBERG_PAM_EXPORT extern "C" __attribute__((visibility("default")))
