// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/debounce.h"

namespace heberg::proxy {

// When nginx's configuration is written. A reload costs nginx a generation of workers: half a second between two.
inline constexpr debounce_times k_publish_times{
    .quiet = std::chrono::milliseconds(100),
    .spacing = std::chrono::milliseconds(500),
    .calm = std::chrono::milliseconds(1000),
    .longest = std::chrono::milliseconds(1000),
};

}  // namespace heberg::proxy
