// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/lines.h"

#include <utility>

namespace heberg::docker {

std::vector<std::string> line_cutter::feed(std::string_view bytes) {
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    if (!dropping_ && rest_.size() + part.size() > line_max_) {
      dropping_ = dropped_ = true;
      rest_.clear();
    }
    if (!dropping_) rest_.append(part);
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    if (rest_.ends_with('\r')) rest_.pop_back();
    if (!rest_.empty()) lines.push_back(std::exchange(rest_, {}));
    dropping_ = false;
  }
  return lines;
}

bool line_cutter::take_dropped() noexcept {
  return std::exchange(dropped_, false);
}

}  // namespace heberg::docker
