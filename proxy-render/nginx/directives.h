// SPDX-License-Identifier: LGPL-2.1-or-later
// Directives of a file of the sysadmin's replace the renderer's own: nginx accepts these directives once in a block, and
// most such files are there for `client_max_body_size`. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace heberg::proxy {

// Which of the replaceable directives a configuration file has outside of its blocks.
[[nodiscard]] std::set<std::string> find_directives(std::string_view text);

// The lines without those of exactly this indent that begin with one of them.
[[nodiscard]] std::string without_directives(std::string_view lines, const std::set<std::string>& directives,
                                             std::string_view indent);

}  // namespace heberg::proxy
