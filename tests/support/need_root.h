// SPDX-License-Identifier: LGPL-2.1-or-later
// For tests that only root can run. For others ctest shows them as skipped, never as passed: it knows these words
// (tests/CMakeLists.txt).
#pragma once

#include <unistd.h>

#include <cstdio>

#define NEED_ROOT()                                           \
  do {                                                        \
    if (::geteuid() != 0) {                                   \
      std::puts("heberg test skipped: only root can run it"); \
      return;                                                 \
    }                                                         \
  } while (false)
