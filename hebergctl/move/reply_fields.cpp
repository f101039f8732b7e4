// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/move/reply_fields.h"

#include "archive/manifest.h"

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace heberg::ctl {
namespace {

using json = nlohmann::json;

}  // namespace

std::uint32_t read_number(const std::string& data, const char* key) {
  const auto document = json::parse(data, nullptr, false);
  if (!document.is_object() || !document.contains(key) || !document[key].is_number_unsigned())
    throw std::runtime_error(std::string("invalid reply of the other host: no number \"") + key + "\"");
  return document[key].get<std::uint32_t>();
}

bool is_true(const std::string& data, const char* key) {
  const auto document = json::parse(data, nullptr, false);
  return document.is_object() && document.contains(key) && document[key] == true;
}

std::vector<std::string> read_missing_certificates(const std::string& data) {
  std::vector<std::string> names;
  const auto document = json::parse(data, nullptr, false);
  if (!document.is_object() || !document.contains("missing_certificates")) return names;
  for (const auto& name : document["missing_certificates"]) {
    if (name.is_string() && archive::is_certificate_name(name.get_ref<const std::string&>())) names.push_back(name);
  }
  return names;
}

}  // namespace heberg::ctl
