// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the proxy reaches a container. Pure.
#pragma once

#include "docker/container.h"

#include <string>

namespace heberg::proxy {

// The proxy is on the host, which reaches every bridge network: the first by name that gave the container an address.
// As inet_ntop(3) writes it, IPv6 in brackets; empty for none.
[[nodiscard]] std::string address_of(const docker::container& container);

}  // namespace heberg::proxy
