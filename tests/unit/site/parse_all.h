// SPDX-License-Identifier: LGPL-2.1-or-later
// A container with an environment, and what all parsers of lib/site refuse of it.
#pragma once

#include "site/access.h"
#include "site/external_ports.h"
#include "site/hosts.h"
#include "site/limits.h"
#include "site/multiports.h"
#include "site/paths.h"
#include "site/tls.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace heberg::site {

inline docker::container make_container(std::vector<std::pair<std::string, std::string>> environment) {
  docker::container c;
  c.environment = std::move(environment);
  return c;
}

template <class type>
std::string show_refusal(const std::variant<type, refused_value>& parsed) {
  const auto* refused = std::get_if<refused_value>(&parsed);
  if (refused == nullptr) return {};
  return std::string(refused->variable.name()) + " \"" + refused->value + "\" " + refused->reason;
}

inline std::string parse_all(const docker::container& c) {
  return show_refusal(multiports_of(c)) + show_refusal(virtual_hosts(c)) + show_refusal(virtual_port(c)) +
         show_refusal(external_ports_of(c)) + show_refusal(route_of(c)) + show_refusal(limits_of(c)) +
         show_refusal(access_of(c)) + show_refusal(tls_of(c));
}

}  // namespace heberg::site
