// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/external_ports.h"

#include "site/values.h"

namespace heberg::site {
namespace {

constexpr variable k_http = "EXTERNAL_HTTP_PORT";
constexpr variable k_https = "EXTERNAL_HTTPS_PORT";

}  // namespace

std::variant<external_ports, refused_value> make_external_ports(std::optional<variable> source, std::string_view http,
                                                                std::string_view https) {
  external_ports found;
  struct port {
    variable name;
    std::string_view text;
    std::uint16_t external_ports::*to;
  };
  for (const auto& [name, text, to] :
       {port{k_http, http, &external_ports::http}, port{k_https, https, &external_ports::https}}) {
    if (text.empty()) continue;
    const auto number = parse_number(text, 1, 65535);
    if (!number) return refuse(source.value_or(name), text, "is not a port from 1 to 65535");
    found.*to = static_cast<std::uint16_t>(*number);
  }
  if (found.http != 0 && found.http == found.https)
    return refuse(source.value_or(k_https), https, "is also the value of EXTERNAL_HTTP_PORT");
  return found;
}

std::variant<external_ports, refused_value> external_ports_of(const docker::container& container) {
  return make_external_ports(std::nullopt, read_value(container, k_http), read_value(container, k_https));
}

}  // namespace heberg::site
