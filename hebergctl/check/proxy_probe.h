// SPDX-License-Identifier: LGPL-2.1-or-later
// Does a site answer through the proxy? One plain HTTP request to the loopback, with the site's host name.
#pragma once

#include "program/settings.h"

#include <string>

namespace heberg::ctl {

// HTTP's status; 0: nobody listens there, or no answer came within a few seconds.
[[nodiscard]] unsigned fetch_status(const settings& settings, const std::string& host, const std::string& target = "/");

}  // namespace heberg::ctl
