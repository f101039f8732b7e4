// SPDX-License-Identifier: LGPL-2.1-or-later
// Access to a site, and what is shown of it: NETWORK_ACCESS, MAINTENANCE, REDIRECT_WWW, SERVER_TOKENS. Pure.
#pragma once

#include "site/hosts.h"

#include <variant>

namespace heberg::site {

struct access {
  bool internal = false;       // private and loopback addresses only
  bool maintenance = false;    // 503 with a maintenance page for everybody
  bool redirect_www = false;   // each name's www counterpart redirects to the name
  bool server_tokens = false;  // nginx sends its version
  bool operator==(const access&) const = default;
};

[[nodiscard]] std::variant<access, refused_value> access_of(const docker::container& container);

}  // namespace heberg::site
