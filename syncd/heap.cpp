// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/heap.h"

#include <malloc.h>

namespace heberg::syncd {

void keep_freed_memory() noexcept {
  constexpr int enough = 32 * 1024 * 1024;  // bytes; the most that glibc takes for the second
  ::mallopt(M_TRIM_THRESHOLD, 2 * enough);
  ::mallopt(M_MMAP_THRESHOLD, enough);
}

}  // namespace heberg::syncd
