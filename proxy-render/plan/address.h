// SPDX-License-Identifier: LGPL-2.1-or-later
// Where nginx runs, and at which address it reaches a container from there. Pure.
#pragma once

#include "docker/watcher.h"

#include <string>
#include <vector>

namespace heberg::proxy {

// Where nginx runs: on the host, which reaches every bridge network; or in a container, which reaches its own networks.
struct proxy_location {
  std::string container;                       // its name; empty: on the host
  std::vector<docker::network> networks = {};  // its own, by name
  bool operator==(const proxy_location&) const = default;
};

struct proxy_location_options {
  std::string container = {};             // the name or id of nginx's container, where it is set
  std::vector<std::string> own_ids = {};  // what this process's own container may be (own_container.h)
};

// The sysadmin's container, else our own, as far as the engine knows it; else the host. A container on the host's
// network is on the host.
[[nodiscard]] proxy_location find_proxy_location(const docker::containers& containers,
                                                 const proxy_location_options& options);

// On the first network by name that both are on and that gave the container an address. A container on the host's
// network is at the gateway of the first of ours that has one. As inet_ntop(3) writes it, IPv6 in brackets; empty for
// none.
[[nodiscard]] std::string address_of(const docker::container& container, const proxy_location& from,
                                     const docker::containers& containers);

// Why there is no address, and what to do about it. Printable.
[[nodiscard]] std::string explain_no_address(const docker::container& container, const proxy_location& from);

}  // namespace heberg::proxy
