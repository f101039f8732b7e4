// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/debounce.h"

namespace heberg::syncd {

// When the account files are written. One of many passwords that are hashed can wait.
inline constexpr debounce_times k_publish_times{
    .quiet = std::chrono::milliseconds(100),
    .spacing = std::chrono::milliseconds(100),
    .calm = std::chrono::milliseconds(100),
    .longest = std::chrono::milliseconds(500),
    .retry = std::chrono::milliseconds(1000),
    .patience = std::chrono::milliseconds(2000),
};

}  // namespace heberg::syncd
