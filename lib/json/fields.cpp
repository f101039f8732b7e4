// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json/fields.h"

#include <nlohmann/json.hpp>

namespace heberg::json_fields {

const nlohmann::json& field(const nlohmann::json& object, const char* key) {
  static const nlohmann::json k_none;
  if (!object.is_object()) return k_none;
  const auto found = object.find(key);
  return found == object.end() ? k_none : *found;
}

std::string text(const nlohmann::json& object, const char* key) {
  const auto& value = field(object, key);
  return value.is_string() ? value.get_ref<const std::string&>() : std::string();
}

bool flag(const nlohmann::json& object, const char* key, bool otherwise) {
  const auto& value = field(object, key);
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

std::optional<std::uint64_t> number(const nlohmann::json& object, const char* key) {
  const auto& value = field(object, key);
  return value.is_number_unsigned() ? std::optional(value.get<std::uint64_t>()) : std::nullopt;
}

}  // namespace heberg::json_fields
