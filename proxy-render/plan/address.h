// SPDX-License-Identifier: LGPL-2.1-or-later
// Where nginx stands, and at which address it reaches a container from there. Pure.
#pragma once

#include "docker/watcher.h"

#include <string>
#include <vector>

namespace heberg::proxy {

// On the host, which reaches every bridge network; or in a container, which reaches the networks that it is on.
struct vantage {
  std::string container;                       // its name; empty: on the host
  std::vector<docker::network> networks = {};  // its own, by name
  bool operator==(const vantage&) const = default;
};

struct vantage_options {
  std::string container = {};             // the name or id of nginx's container, where the sysadmin says one
  std::vector<std::string> own_ids = {};  // what this process's own container may be (own_container.h)
};

// The sysadmin's container, else our own, as far as the engine knows it; else the host. A container on the host's
// network is on the host.
[[nodiscard]] vantage find_vantage(const docker::containers& containers, const vantage_options& options);

// On the first network by name that both are on and that gave the container an address. A container on the host's
// network is at the gateway of the first of ours that has one. As inet_ntop(3) writes it, IPv6 in brackets; empty for
// none.
[[nodiscard]] std::string address_of(const docker::container& container, const vantage& from,
                                     const docker::containers& containers);

// Why there is none, and what to do about it. Printable.
[[nodiscard]] std::string explain_no_address(const docker::container& container, const vantage& from);

}  // namespace heberg::proxy
