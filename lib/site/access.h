// SPDX-License-Identifier: LGPL-2.1-or-later
// Who gets to see a site, and what of it: NETWORK_ACCESS, MAINTENANCE, REDIRECT_WWW, SERVER_TOKENS. Pure.
#pragma once

#include "site/hosts.h"

#include <variant>

namespace heberg::site {

struct access {
  bool internal = false;       // private addresses alone
  bool maintenance = false;    // nobody: 503 with a page that says so
  bool redirect_www = false;   // each name's twin, with or without "www.", redirects to it
  bool server_tokens = false;  // nginx tells its version
  bool operator==(const access&) const = default;
};

[[nodiscard]] std::variant<access, refused_value> access_of(const docker::container& container);

}  // namespace heberg::site
