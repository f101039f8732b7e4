// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heberg {

// A command of the settings as an argv: its parts between blanks (space, tab, line end). No quotes, no expansion.
[[nodiscard]] std::vector<std::string> split_arguments(std::string_view text);

}  // namespace heberg
