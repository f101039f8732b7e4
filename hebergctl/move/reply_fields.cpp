// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/move/reply_fields.h"

#include "archive/manifest.h"
#include "json/fields.h"
#include "json/parse.h"

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <utility>

namespace heberg::ctl {
std::uint32_t read_number(const std::string& data, const char* key) {
  const auto number = json_fields::number(parse_json(data), key);
  if (!number || !std::in_range<std::uint32_t>(*number))
    throw std::runtime_error(std::string("invalid reply of the other host: no number \"") + key + "\"");
  return static_cast<std::uint32_t>(*number);
}

bool is_true(const std::string& data, const char* key) {
  return json_fields::flag(parse_json(data), key, false);
}

std::vector<std::string> read_missing_certificates(const std::string& data) {
  std::vector<std::string> names;
  const auto document = parse_json(data);
  for (const auto& name : json_fields::field(document, "missing_certificates")) {
    if (name.is_string() && archive::is_certificate_name(name.get_ref<const std::string&>())) names.push_back(name);
  }
  return names;
}

}  // namespace heberg::ctl
