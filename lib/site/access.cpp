// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/access.h"

#include "site/values.h"

namespace heberg::site {

std::variant<access, refused_value> access_of(const docker::container& container) {
  struct flag {
    variable name;
    bool access::*to;
  };
  constexpr auto flags = std::to_array<flag>({{"MAINTENANCE", &access::maintenance},
                                              {"REDIRECT_WWW", &access::redirect_www},
                                              {"SERVER_TOKENS", &access::server_tokens}});
  access found;
  for (const auto& one : flags) {
    const auto text = read_value(container, one.name);
    if (text.empty()) continue;
    const auto value = parse_flag(text);
    if (!value) return refuse_choice(one.name, text);
    found.*one.to = *value;
  }
  const auto network = read_value(container, "NETWORK_ACCESS");
  // A typing error must not open a site to the world.
  if (!network.empty() && network != "internal" && network != "external")
    return refuse_choice("NETWORK_ACCESS", network);
  found.internal = network == "internal";
  return found;
}

}  // namespace heberg::site
