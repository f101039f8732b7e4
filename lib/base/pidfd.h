// SPDX-License-Identifier: LGPL-2.1-or-later
// pidfd_open(2) and its kin for C++: glibc 2.36's header (Debian 12) forgets to say extern "C".
#pragma once

extern "C" {
#include <sys/pidfd.h>
}
