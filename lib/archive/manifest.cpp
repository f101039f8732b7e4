// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive/manifest.h"

#include "archive/paths.h"
#include "base/names.h"
#include "json/parse.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace heberg::archive {
namespace {

using json = nlohmann::ordered_json;

std::string text_of(const json& document, const char* key) {
  const auto found = document.find(key);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Valid names only: they are printed, and looked up as files.
std::vector<std::string> certificates_of(const json& document) {
  std::vector<std::string> names;
  const auto found = document.find("certificates");
  if (found == document.end() || !found->is_array()) return names;
  for (const auto& name : *found) {
    if (name.is_string() && is_certificate_name(name.get_ref<const std::string&>())) names.push_back(name);
  }
  return names;
}

// "KIND SIZE SUM PATH"; false where the line is invalid, or the path is a duplicate.
bool add_line(manifest& facts, std::string_view line) {
  std::array<std::string_view, 4> fields;
  for (auto& field : fields) {
    field = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(field.size() + 1, line.size()));
  }
  fact read;
  const auto [end, error] = std::from_chars(fields[1].data(), fields[1].data() + fields[1].size(), read.size);
  if (error != std::errc() || end != fields[1].data() + fields[1].size() || fields[0].size() != 1 || !line.empty())
    return false;
  read.kind = fields[0][0];
  if (std::string_view("fdlh").find(read.kind) == std::string_view::npos) return false;
  if (fields[2] != "-") read.sum = fields[2];
  const auto path = fields[3] == "." ? std::string() : decode_path(fields[3]);
  if ((path.empty() && fields[3] != ".") || !is_valid_path(path)) return false;
  return facts.emplace(path, std::move(read)).second;
}

}  // namespace

bool is_certificate_name(std::string_view name) noexcept {
  const auto is_plain = [](char c) { return c > ' ' && c < 127 && c != '/'; };
  return !name.empty() && name.size() <= 253 && name != "." && name != ".." && std::ranges::all_of(name, is_plain);
}

std::string to_text(const head& about) {
  const json document = {{"format", k_version},
                         {"heberg", HEBERG_VERSION},
                         {"site", about.site},
                         {"uid", about.uid},
                         {"locked", about.is_locked},
                         {"lock_reason", about.lock_reason},
                         {"specification", about.specification},
                         {"certificates", about.certificates}};
  return document.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

std::optional<head> parse_head(std::string_view text) {
  const auto document = parse_json(text, {.bytes = k_head_max});
  if (!document.is_object() || document.value("format", json()) != k_version) return std::nullopt;
  const auto uid = document.find("uid");
  if (uid == document.end() || !uid->is_number_unsigned() || uid->get<std::uint64_t>() > 0xfffffffeU)
    return std::nullopt;
  head about{.site = text_of(document, "site"),
             .uid = uid->get<std::uint32_t>(),
             .is_locked = document.value("locked", json()) == true,
             .lock_reason = text_of(document, "lock_reason"),
             .specification = text_of(document, "specification"),
             .certificates = certificates_of(document)};
  if (!is_site_name(about.site) || !is_site_id(about.uid)) return std::nullopt;
  return about;
}

std::string to_text(const manifest& facts) {
  std::string text;
  for (const auto& [path, known] : facts) {
    text += known.kind;
    text += " " + std::to_string(known.size) + " " + (known.sum.empty() ? "-" : known.sum) + " " +
            (path.empty() ? "." : encode_path(path)) + "\n";
  }
  return text;
}

std::optional<manifest> parse_manifest(std::string_view text) {
  manifest facts;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos || !add_line(facts, text.substr(0, end))) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  return facts;
}

}  // namespace heberg::archive
