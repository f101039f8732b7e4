// SPDX-License-Identifier: LGPL-2.1-or-later
// The key that signs the sysadmin's gifts of host names (site/host_gift.h): STATE_DIR/gifts/key, root's alone.
#pragma once

#include <string>

namespace heberg::ctl {

// Makes it where it is missing. Throws std::system_error or std::runtime_error.
[[nodiscard]] std::string load_gift_key(const std::string& state_dir);

}  // namespace heberg::ctl
