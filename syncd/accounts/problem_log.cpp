// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/problem_log.h"

namespace heberg::syncd {

void problem_log::write(level level, const std::string& subject, std::string_view text) const {
  log_(level, subject + ": " + std::string(text));
}

void problem_log::report(const std::string& topic, level level, const std::string& subject, const std::string& text) {
  const auto known = problems_.find(topic);
  if (text.empty()) {
    if (known == problems_.end()) return;
    problems_.erase(known);
    write(level::info, subject, "the problem is resolved");
    return;
  }
  if (known != problems_.end() && known->second == text) return;
  problems_[topic] = text;
  write(level, subject, text);
}

}  // namespace heberg::syncd
