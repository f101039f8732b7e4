// SPDX-License-Identifier: LGPL-2.1-or-later
// On which ports a text of ours has nginx listen. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

namespace heberg::proxy {

// By its "listen" lines, as server_lines.h writes them; others in the sysadmin's template are skipped.
[[nodiscard]] std::set<std::uint16_t> list_listened_ports(std::string_view text);

}  // namespace heberg::proxy
