// SPDX-License-Identifier: LGPL-2.1-or-later
// How far one stream of one container was taken.
#pragma once

#include <cstdint>

namespace heberg::logs {

struct log_cursor {
  std::int64_t stamp = 0;  // nanoseconds since the epoch; 0: nothing was taken yet
  std::uint32_t skip = 0;  // so many whole lines after it are in the file already: recovery found them there
  bool operator==(const log_cursor&) const = default;
};

}  // namespace heberg::logs
