// SPDX-License-Identifier: LGPL-2.1-or-later
// The one text for a site name that is refused. Pure.
#pragma once

#include <string>
#include <string_view>

namespace heberg::ctl {

// What is wrong with a name for which is_site_name() is false, and what a valid one looks like.
[[nodiscard]] std::string explain_invalid_name(std::string_view name);

}  // namespace heberg::ctl
