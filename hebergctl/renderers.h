// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes the running heberg-proxy-render publish again: by SIGHUP to each process that is visible here. From
// heberg-syncd's container that is the whole host.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heberg::ctl {

// From the text of /proc/PID/status: root's daemon of that name, which handles SIGHUP. "heberg-proxy-render --status"
// does not handle it, and would be ended by it. Pure.
[[nodiscard]] bool is_renderer(std::string_view status);

// Returns how many were signalled. procs: "/proc", or a stand-in. Throws std::system_error where it cannot be read.
[[nodiscard]] std::size_t signal_renderers(const std::string& procs = "/proc");

}  // namespace heberg::ctl
