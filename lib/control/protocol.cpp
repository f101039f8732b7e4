// SPDX-License-Identifier: LGPL-2.1-or-later
#include "control/protocol.h"

#include "json/parse.h"

#include <nlohmann/json.hpp>

#include <strings.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace heberg::control {
namespace {

using json = nlohmann::json;

constexpr int k_max_depth = 5;
constexpr char k_before_password = '\0';  // no JSON text has this byte

constexpr std::array<std::pair<failure, const char*>, 5> k_failures = {{
    {failure::none, "none"},
    {failure::bad_request, "bad_request"},
    {failure::no_such_site, "no_such_site"},
    {failure::refused, "refused"},
    {failure::internal, "internal"},
}};

// In one allocation, so that no copy of the password stays behind.
std::string to_line(const json& document, const secret* password) {
  // A name or a reason that is not UTF-8 is sent with replacement characters rather than as an exception.
  const auto text = document.dump(-1, ' ', false, json::error_handler_t::replace);
  if (password == nullptr) return text + "\n";
  if (password->view().find('\n') != std::string_view::npos)
    throw std::invalid_argument("a password of more than one line cannot be sent to heberg-syncd");
  std::string line;
  line.reserve(text.size() + password->view().size() + 2);
  line.append(text).append(1, k_before_password).append(password->view()).append(1, '\n');
  return line;
}

struct parsed_line {
  std::optional<json> document;
  std::optional<secret> password;
};

std::optional<json> parse_object(std::string_view line) {
  auto document = parse_json(line, {.bytes = k_max_line, .depth = k_max_depth, .how = too_deep::leave_out});
  if (!document.is_object()) return std::nullopt;
  return document;
}

// An absent field is an empty one; a field of another type is an error.
bool read_string(const json& document, const char* key, std::string& out) {
  const auto found = document.find(key);
  if (found == document.end()) return true;
  if (!found->is_string()) return false;
  out = found->get<std::string>();
  return true;
}

bool read_strings(const json& document, const char* key, std::vector<std::string>& out) {
  const auto found = document.find(key);
  if (found == document.end()) return true;
  if (!found->is_array()) return false;
  for (const auto& element : *found) {
    if (!element.is_string()) return false;
    out.push_back(element.get<std::string>());
  }
  return true;
}

parsed_line parse_line(std::string_view line) {
  line = line.substr(0, line.find('\n'));
  const auto end = line.find(k_before_password);
  parsed_line parsed{.document = parse_object(line.substr(0, end)), .password = std::nullopt};
  if (end != std::string_view::npos) parsed.password.emplace(line.substr(end + 1));
  return parsed;
}

}  // namespace

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

std::string encode(const request& request) {
  json document = {{"verb", request.verb}};
  if (!request.site.empty()) document["site"] = request.site;
  if (!request.why.empty()) document["why"] = request.why;
  if (!request.arguments.empty()) document["arguments"] = request.arguments;
  return to_line(document, request.password ? &*request.password : nullptr);
}

std::string encode(const reply& reply) {
  json document = {{"message", reply.message}};
  for (const auto& [value, name] : k_failures) {
    if (value == reply.error) document["error"] = name;
  }
  if (auto data = parse_object(reply.data)) document["data"] = std::move(*data);
  return to_line(document, reply.password.empty() ? nullptr : &reply.password);
}

std::optional<request> parse_request(std::string_view line) {
  if (line.size() > k_max_line) return std::nullopt;
  auto [document, password] = parse_line(line);
  request result;
  if (!document || !read_string(*document, "verb", result.verb) || !read_string(*document, "site", result.site) ||
      !read_string(*document, "why", result.why) || !read_strings(*document, "arguments", result.arguments) ||
      result.verb.empty()) {
    return std::nullopt;
  }
  result.password = std::move(password);
  return result;
}

std::optional<reply> parse_reply(std::string_view line) {
  auto [document, password] = parse_line(line);
  reply result;
  std::string error;
  if (!document || !read_string(*document, "message", result.message) || !read_string(*document, "error", error)) {
    return std::nullopt;
  }
  if (const auto data = document->find("data"); data != document->end()) {
    if (!data->is_object()) return std::nullopt;
    result.data = data->dump(-1, ' ', true, json::error_handler_t::replace);
  }
  if (password) result.password = std::move(*password);
  for (const auto& [value, name] : k_failures) {
    if (error == name) {
      result.error = value;
      return result;
    }
  }
  return std::nullopt;
}

}  // namespace heberg::control
