// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/lines.h"

#include <utility>

namespace heberg::docker {

std::optional<std::vector<std::string>> line_cutter::feed(std::string_view bytes) {
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    if (rest_.size() + part.size() > line_max_) return std::nullopt;
    rest_.append(part);
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    if (rest_.ends_with('\r')) rest_.pop_back();
    if (!rest_.empty()) lines.push_back(std::exchange(rest_, {}));
  }
  return lines;
}

}  // namespace heberg::docker
