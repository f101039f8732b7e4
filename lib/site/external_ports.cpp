// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/external_ports.h"

#include "site/values.h"

namespace heberg::site {
namespace {

constexpr std::string_view k_http = "EXTERNAL_HTTP_PORT";
constexpr std::string_view k_https = "EXTERNAL_HTTPS_PORT";

}  // namespace

std::variant<external_ports, refused_value> make_external_ports(std::string_view variable, std::string_view http,
                                                                std::string_view https) {
  external_ports found;
  struct word {
    std::string_view name;
    std::string_view text;
    std::uint16_t external_ports::*to;
  };
  for (const auto& [name, text, to] :
       {word{k_http, http, &external_ports::http}, word{k_https, https, &external_ports::https}}) {
    if (text.empty()) continue;
    const auto number = parse_number(text, 1, 65535);
    if (!number) return refuse(variable.empty() ? name : variable, text, "is not one port from 1 to 65535");
    found.*to = static_cast<std::uint16_t>(*number);
  }
  if (found.http != 0 && found.http == found.https)
    return refuse(variable.empty() ? k_https : variable, https, "is EXTERNAL_HTTP_PORT's, too");
  return found;
}

std::variant<external_ports, refused_value> external_ports_of(const docker::container& container) {
  return make_external_ports({}, word_of(container, k_http), word_of(container, k_https));
}

}  // namespace heberg::site
