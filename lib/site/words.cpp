// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/words.h"

namespace heberg::site {

const std::string* find_word(const docker::container& container, std::string_view name) {
  if (!container.labels.empty()) {
    std::string label(k_proxy_label);
    for (const char c : name) label += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (const auto* value = docker::find_label(container, label); value != nullptr) return value;
  }
  return docker::find_environment(container, name);
}

}  // namespace heberg::site
