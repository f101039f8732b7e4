// SPDX-License-Identifier: LGPL-2.1-or-later
// The proxy's ports for a host that is not served on the usual two: EXTERNAL_HTTP_PORT, EXTERNAL_HTTPS_PORT. Pure.
#pragma once

#include "site/hosts.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace heberg::site {

struct external_ports {
  std::uint16_t http = 0;  // 0: the proxy's usual port
  std::uint16_t https = 0;
  auto operator<=>(const external_ports&) const = default;
};

[[nodiscard]] std::variant<external_ports, refused_value> external_ports_of(const docker::container& container);

// Two values, empty where they are not set. `source` is the variable that holds both; nothing: each has its own.
[[nodiscard]] std::variant<external_ports, refused_value> make_external_ports(std::optional<variable> source,
                                                                              std::string_view http,
                                                                              std::string_view https);

}  // namespace heberg::site
