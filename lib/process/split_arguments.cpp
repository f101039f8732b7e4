// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process/split_arguments.h"

#include <algorithm>

namespace heberg {

std::vector<std::string> split_arguments(std::string_view text) {
  constexpr std::string_view k_blanks = " \t\n\v\f\r";
  std::vector<std::string> arguments;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(k_blanks), text.size()));
    if (text.empty()) return arguments;
    const auto end = std::min(text.find_first_of(k_blanks), text.size());
    arguments.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace heberg
