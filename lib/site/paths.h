// SPDX-License-Identifier: LGPL-2.1-or-later
// Which part of a host's URLs a container serves, and by which protocol: VIRTUAL_PATH, VIRTUAL_DEST, VIRTUAL_PROTO,
// VIRTUAL_ROOT. Pure.
#pragma once

#include "site/hosts.h"

#include <string>
#include <variant>

namespace heberg::site {

enum class path_kind : unsigned char {
  prefix,        // /a
  preferred,     // ^~ /a: a prefix that regular expressions do not take precedence over
  exact,         // = /a
  regex,         // ~ ^/(a|b)/
  regex_nocase,  // ~* ^/(a|b)/
};

struct path {
  path_kind kind = path_kind::prefix;
  std::string text = "/";  // without the modifier
  auto operator<=>(const path&) const = default;
};

// In nginx's notation: "^~ /a".
[[nodiscard]] std::string show(const path& path);

enum class protocol { http, https, fastcgi, uwsgi, grpc, grpcs };

struct route {
  struct path path;
  std::string destination;  // replaces the path in the request to the container; empty: the path stays
  enum protocol protocol = protocol::http;
  std::string root;  // fastcgi: the document root in the container
  auto operator<=>(const route&) const = default;
};

[[nodiscard]] std::variant<route, refused_value> route_of(const docker::container& container);

// From values, empty where they are not set. `source` is the variable that holds them: VIRTUAL_HOST_MULTIPORTS, or
// VIRTUAL_PATH where each value has its own variable.
[[nodiscard]] std::variant<route, refused_value> make_route(variable source, std::string_view path,
                                                            std::string_view destination, std::string_view protocol,
                                                            std::string_view root);

}  // namespace heberg::site
