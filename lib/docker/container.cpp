// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/container.h"

#include <algorithm>

namespace heberg::docker {

const std::string* find_environment(const container& c, std::string_view name) noexcept {
  const auto found = std::find_if(c.environment.rbegin(), c.environment.rend(),
                                  [name](const auto& variable) { return variable.first == name; });
  return found == c.environment.rend() ? nullptr : &found->second;
}

const std::string* find_label(const container& c, std::string_view name) noexcept {
  const auto found =
      std::ranges::find(c.labels, name, [](const auto& label) -> std::string_view { return label.first; });
  return found == c.labels.end() ? nullptr : &found->second;
}

namespace {

bool has(const std::map<std::string, std::string>& values, std::string_view name, std::string_view value) {
  const auto found = values.find(std::string(name));
  return found != values.end() && found->second == value;
}

}  // namespace

bool is_images_environment(const container& c, std::string_view name, std::string_view value) {
  return c.image_gives && has(c.image_gives->environment, name, value);
}

bool is_images_label(const container& c, std::string_view name, std::string_view value) {
  return c.image_gives && has(c.image_gives->labels, name, value);
}

}  // namespace heberg::docker
