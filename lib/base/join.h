// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heberg {

[[nodiscard]] inline std::string join(const std::vector<std::string>& texts, std::string_view between) {
  std::string all;
  for (std::size_t i = 0; i < texts.size(); ++i) all.append(i == 0 ? std::string_view() : between).append(texts[i]);
  return all;
}

}  // namespace heberg
