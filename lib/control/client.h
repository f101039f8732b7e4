// SPDX-License-Identifier: LGPL-2.1-or-later
// hebergctl's side of the control socket: one request, one reply, blocking, with a deadline.
#pragma once

#include "control/protocol.h"

#include <chrono>

namespace heberg::control {

// Throws std::system_error (syncd does not run, no permission, no answer in time) or std::runtime_error (an invalid
// answer).
[[nodiscard]] reply call(const std::string& socket_path, const request& request,
                         std::chrono::milliseconds timeout = std::chrono::seconds(30));

}  // namespace heberg::control
