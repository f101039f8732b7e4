// SPDX-License-Identifier: LGPL-2.1-or-later
// The key that hebergctl signs gifts of host names with (site/host_gift.h).
#pragma once

#include <string>

namespace heberg::proxy {

// Empty: there is none, or not one that root alone can write.
[[nodiscard]] std::string read_gift_key(const std::string& path);

}  // namespace heberg::proxy
