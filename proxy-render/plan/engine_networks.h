// SPDX-License-Identifier: LGPL-2.1-or-later
// The engine's networks that containers with a host are on. A request from there is a site's, whatever address the
// network has: it never counts as internal (NETWORK_ACCESS). Pure.
#pragma once

#include "docker/container.h"

#include <set>
#include <string>

namespace heberg::proxy {

// Adds the subnets of the container's networks: "172.18.0.0/16", "fd00:1::/64". One without an address has none.
void add_subnets(std::set<std::string>& subnets, const docker::container& container);

}  // namespace heberg::proxy
