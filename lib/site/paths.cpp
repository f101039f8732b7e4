// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/paths.h"

#include "site/site.h"
#include "site/values.h"

#include <algorithm>

namespace heberg::site {
namespace {

constexpr std::array<std::pair<std::string_view, protocol>, 6> k_protocols = {{{"http", protocol::http},
                                                                               {"https", protocol::https},
                                                                               {"fastcgi", protocol::fastcgi},
                                                                               {"uwsgi", protocol::uwsgi},
                                                                               {"grpc", protocol::grpc},
                                                                               {"grpcs", protocol::grpcs}}};

// Longer ones first.
constexpr std::array<std::pair<std::string_view, path_kind>, 4> k_modifiers = {
    {{"^~", path_kind::preferred}, {"~*", path_kind::regex_nocase}, {"~", path_kind::regex}, {"=", path_kind::exact}}};

constexpr std::string_view k_root = "/var/www/public";  // nginx-proxy's
constexpr std::string_view k_fpm_root = "/var/www/html";

bool is_regex(const path& path) {
  return path.kind == path_kind::regex || path.kind == path_kind::regex_nocase;
}

bool is_printable(char c) {
  return c >= 0x20 && c < 0x7f;
}

std::variant<path, std::string> parse_path(std::string_view text) {
  path parsed;
  for (const auto& [modifier, kind] : k_modifiers) {
    if (!text.starts_with(modifier)) continue;
    parsed.kind = kind;
    text = trim(text.substr(modifier.size()));
    break;
  }
  if (!std::ranges::all_of(text, is_printable)) return "contains a character that is not printable ASCII";
  auto reason = is_regex(parsed) ? judge_regex(text, false) : judge_path(text);
  if (!reason.empty()) return reason;
  parsed.text = text;
  return parsed;
}

bool is_php_fpm(const docker::container& container) {
  const auto matches = [&](std::string_view glob) { return image_matches(container.image, glob); };
  return matches("php:fpm") || matches("php:*-fpm") || matches("php:fpm-*") || matches("php:*-fpm-*");
}

}  // namespace

std::string show(const path& path) {
  for (const auto& [modifier, kind] : k_modifiers) {
    if (kind == path.kind) return std::string(modifier) + " " + path.text;
  }
  return path.text;
}

std::variant<route, refused_value> make_route(variable source, std::string_view path, std::string_view destination,
                                              std::string_view protocol, std::string_view root) {
  // VIRTUAL_HOST_MULTIPORTS holds the parts of a route itself.
  const auto about = [&](variable part, std::string_view value, std::string reason) {
    return source == "VIRTUAL_PATH" ? refuse(part, value, std::move(reason))
                                    : refuse(source, value, std::string(part.name()) + " " + reason);
  };
  route made;
  auto parsed = parse_path(path.empty() ? "/" : path);
  if (auto* reason = std::get_if<std::string>(&parsed)) return about("VIRTUAL_PATH", path, std::move(*reason));
  made.path = std::get<struct path>(std::move(parsed));

  if (const auto known = parse_choice(protocol.empty() ? "http" : protocol, k_protocols); known) {
    made.protocol = *known;
  } else {
    return about("VIRTUAL_PROTO", protocol, "is not one of " + list_values("VIRTUAL_PROTO"));
  }
  if (!destination.empty()) {
    if (auto reason = judge_path(destination); !reason.empty())
      return about("VIRTUAL_DEST", destination, std::move(reason));
    if (is_regex(made.path)) return about("VIRTUAL_DEST", destination, "cannot replace a regular expression");
    if (made.protocol != protocol::http && made.protocol != protocol::https)
      return about("VIRTUAL_DEST", destination, "requires VIRTUAL_PROTO http or https");
    made.destination = destination;
  }
  if (made.protocol == protocol::fastcgi) {
    if (auto reason = judge_path(root); !reason.empty()) return about("VIRTUAL_ROOT", root, std::move(reason));
    made.root = root;
  }
  return made;
}

std::variant<route, refused_value> route_of(const docker::container& container) {
  const bool fpm = is_php_fpm(container);
  auto protocol = read_value(container, "VIRTUAL_PROTO");
  if (protocol.empty() && fpm) protocol = "fastcgi";
  auto root = read_value(container, "VIRTUAL_ROOT");
  if (root.empty()) root = fpm ? k_fpm_root : k_root;
  return make_route("VIRTUAL_PATH", read_value(container, "VIRTUAL_PATH"), read_value(container, "VIRTUAL_DEST"),
                    protocol, root);
}

}  // namespace heberg::site
