// SPDX-License-Identifier: LGPL-2.1-or-later
// What a file of the sysadmin's says itself, the renderer does not: nginx takes these directives once in a block, and
// `client_max_body_size` is what most of these files are there for. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace heberg::proxy {

// Which of the directives that may give way stand in a file of nginx's lines, outside of its blocks.
[[nodiscard]] std::set<std::string> find_directives(std::string_view text);

// The lines without those of exactly this indent that begin with one of them.
[[nodiscard]] std::string without_directives(std::string_view lines, const std::set<std::string>& directives,
                                             std::string_view indent);

}  // namespace heberg::proxy
