// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/free_space.h"

#include <sys/statvfs.h>

namespace heberg::syncd {

std::string explain_no_room(std::uint64_t free_blocks, std::uint64_t blocks, std::uint32_t min_free) {
  if (min_free == 0 || blocks == 0 || free_blocks >= blocks / 100 * min_free) return {};
  return "less than " + std::to_string(min_free) +
         " per cent of the sites' disk is free: free some of it, or set logs.min_free";
}

std::string explain_no_room(int folder, std::uint32_t min_free) {
  struct statvfs disk {};
  if (min_free == 0 || ::fstatvfs(folder, &disk) != 0) return {};
  return explain_no_room(disk.f_bavail, disk.f_blocks, min_free);
}

}  // namespace heberg::syncd
