// SPDX-License-Identifier: LGPL-2.1-or-later
// The running heberg-proxy-render, told to publish anew: by SIGHUP, wherever it runs that we can see. From
// heberg-syncd's container that is the whole host.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heberg::ctl {

// From the text of /proc/PID/status: root's daemon of that name, which takes SIGHUP. One that was only asked for its
// status does not, and would end by it. Pure.
[[nodiscard]] bool is_renderer(std::string_view status);

// How many were told. procs: "/proc", or a stand-in. Throws std::system_error where it cannot be read.
[[nodiscard]] std::size_t tell_renderers(const std::string& procs = "/proc");

}  // namespace heberg::ctl
