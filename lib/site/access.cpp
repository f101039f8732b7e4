// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/access.h"

#include "site/values.h"

namespace heberg::site {

std::variant<access, refused_value> access_of(const docker::container& container) {
  struct flag_word {
    std::string_view name;
    bool access::*to;
  };
  constexpr std::array<flag_word, 3> flags = {{{"MAINTENANCE", &access::maintenance},
                                               {"REDIRECT_WWW", &access::redirect_www},
                                               {"SERVER_TOKENS", &access::server_tokens}}};
  access found;
  for (const auto& word : flags) {
    const auto text = word_of(container, word.name);
    if (text.empty()) continue;
    const auto flag = parse_flag(text);
    if (!flag) return refuse(word.name, text, "is neither true nor false");
    found.*word.to = *flag;
  }
  const auto network = word_of(container, "NETWORK_ACCESS");
  // A typing error must not open a site to the world.
  if (!network.empty() && network != "internal" && network != "external")
    return refuse("NETWORK_ACCESS", network, "is neither internal nor external");
  found.internal = network == "internal";
  return found;
}

}  // namespace heberg::site
