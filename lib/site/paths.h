// SPDX-License-Identifier: LGPL-2.1-or-later
// Which part of a host's URLs a container serves, and how it is spoken to: VIRTUAL_PATH, VIRTUAL_DEST, VIRTUAL_PROTO,
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
  std::string destination;  // takes the path's place in what the container is asked for; empty: nothing does
  enum protocol protocol = protocol::http;
  std::string root;  // fastcgi: the document root in the container
  auto operator<=>(const route&) const = default;
};

[[nodiscard]] std::variant<route, refused_value> route_of(const docker::container& container);

// Of a route that says nothing else: VIRTUAL_HOST_MULTIPORTS has a path, a destination and a protocol of its own.
[[nodiscard]] std::variant<route, refused_value> make_route(variable variable, std::string_view path,
                                                            std::string_view destination, std::string_view protocol,
                                                            std::string_view root);

}  // namespace heberg::site
