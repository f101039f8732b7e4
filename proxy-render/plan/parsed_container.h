// SPDX-License-Identifier: LGPL-2.1-or-later
// The variables of one container, parsed without the other containers: whether it takes part, its owner, and the hosts
// that it requests. Pure.
#pragma once

#include "docker/container.h"
#include "proxy-render/plan/vhosts.h"
#include "site/external_ports.h"
#include "site/hosts.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::proxy {

// A host name, and where some of its URLs go.
struct requested_host {
  site::host host;
  site::route route;
  std::uint16_t port = 0;
  site::external_ports external;
  std::string redirect_to;  // another name; then route and port are not used
};

struct parsed_container {
  const docker::container* container = nullptr;
  std::string owner;  // "site:NAME", "container:NAME"
  std::vector<requested_host> requested_hosts;
  std::vector<site::host> given;  // of them, what the sysadmin has given to the site (site/host_gift.h)
  site::limits limits;
  site::access access;
  site::tls tls;
};

struct parse_options {
  site::classifier sites;
  std::vector<std::uint16_t> own_ports;
  std::string gift_key = {};
};

// Nothing for a container that takes no part or is refused.
[[nodiscard]] std::optional<parsed_container> parse_container(const docker::container& container,
                                                              const parse_options& options,
                                                              std::vector<complaint>& refused);

// Who the container is where it requests that name: k_shared_owner for one of no site and a name that these may share.
[[nodiscard]] std::string owner_of(const parsed_container& container, const site::host& host,
                                   const std::set<site::host>& shared);

[[nodiscard]] complaint complain(const docker::container& container, site::refused_value value);

}  // namespace heberg::proxy
