// SPDX-License-Identifier: LGPL-2.1-or-later
#include "control/protocol.h"

#include "control/argument_literal.h"
#include "json/parse.h"

#include <nlohmann/json.hpp>

#include <strings.h>

#include <array>
#include <utility>

namespace heberg::control {
namespace {

using json = nlohmann::json;

constexpr int k_max_depth = 5;
constexpr char k_passwd[] = "passwd";

constexpr std::array<std::pair<failure, const char*>, 5> k_failures = {{
    {failure::none, "none"},
    {failure::bad_request, "bad_request"},
    {failure::no_such_site, "no_such_site"},
    {failure::refused, "refused"},
    {failure::internal, "internal"},
}};

std::string to_line(const json& document) {
  // A name or a reason that is not UTF-8 is sent with replacement characters rather than as an exception.
  return document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

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

// The line with this text in the place of the literal, in one allocation: no copy stays behind.
std::string splice(std::string_view line, literal place, std::string_view text) {
  std::string result;
  result.reserve(line.size() + text.size());
  result.append(line.substr(0, place.begin)).append(text).append(line.substr(place.end));
  return result;
}

// The empty string behind the key "password". It cannot be found within another string: there the quotes are escaped.
std::optional<literal> find_empty_password(std::string_view line) {
  constexpr std::string_view k_text = "\"password\":\"\"";
  const auto at = line.find(k_text);
  if (at == std::string_view::npos) return std::nullopt;
  return literal{at + k_text.size() - 1, at + k_text.size() - 1};
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
  if (!request.password) return to_line(document);
  const auto escaped = escape(request.password->view());
  document["arguments"].push_back(escaped ? "" : std::string(request.password->view()));
  auto line = to_line(document);
  const auto place = find_second_argument(line);
  return escaped && place ? splice(line, *place, escaped->view()) : line;
}

std::string encode(const reply& reply) {
  json document = {{"message", reply.message}};
  for (const auto& [value, name] : k_failures) {
    if (value == reply.error) document["error"] = name;
  }
  if (auto data = parse_object(reply.data)) document["data"] = std::move(*data);
  if (reply.password.empty()) return to_line(document);
  const auto escaped = escape(reply.password.view());
  document["data"]["password"] = escaped ? "" : std::string(reply.password.view());
  auto line = to_line(document);
  const auto place = find_empty_password(line);
  return escaped && place ? splice(line, *place, escaped->view()) : line;
}

std::optional<request> parse_request(std::string_view line) {
  if (line.size() > k_max_line) return std::nullopt;
  // The JSON library sees an empty string in the place of the second argument.
  const auto place = find_second_argument(line);
  auto argument = place ? unescape(line.substr(place->begin, place->end - place->begin)) : std::nullopt;
  const auto masked = argument ? splice(line, *place, "") : std::string();
  const auto document = parse_object(argument ? masked : line);
  request result;
  if (!document || !read_string(*document, "verb", result.verb) || !read_string(*document, "site", result.site) ||
      !read_string(*document, "why", result.why) || !read_strings(*document, "arguments", result.arguments) ||
      result.verb.empty()) {
    return std::nullopt;
  }
  if (result.arguments.size() < 2) return result;
  if (result.verb == k_passwd && result.arguments.size() == 2) {
    result.password = argument ? std::move(*argument) : secret(result.arguments[1]);
    wipe(result.arguments[1]);
    result.arguments.pop_back();
  } else if (argument) {
    result.arguments[1] = argument->view();
  }
  return result;
}

std::optional<reply> parse_reply(std::string_view line) {
  const auto document = parse_object(line);
  reply result;
  std::string error;
  if (!document || !read_string(*document, "message", result.message) || !read_string(*document, "error", error)) {
    return std::nullopt;
  }
  if (const auto data = document->find("data"); data != document->end()) {
    if (!data->is_object()) return std::nullopt;
    result.data = data->dump(-1, ' ', true, json::error_handler_t::replace);
  }
  for (const auto& [value, name] : k_failures) {
    if (error == name) {
      result.error = value;
      return result;
    }
  }
  return std::nullopt;
}

}  // namespace heberg::control
