// SPDX-License-Identifier: LGPL-2.1-or-later
// One container's variables, judged by themselves: does it take part, whose is it, what does it want? Pure.
#pragma once

#include "docker/container.h"
#include "proxy-render/plan/vhosts.h"
#include "site/external_ports.h"
#include "site/hosts.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::proxy {

// A host name, and what is to be done with some of its URLs.
struct wish {
  site::host host;
  site::route route;
  std::uint16_t port = 0;
  site::external_ports external;
  std::string redirect_to;  // another name; then route and port are nothing
};

struct candidate {
  const docker::container* container = nullptr;
  std::string owner;
  std::vector<wish> wishes;
  site::limits limits;
  site::access access;
  site::tls tls;
};

struct judge_options {
  site::classifier sites;
  std::vector<std::uint16_t> own_ports;
};

// Nothing for a container that takes no part or is refused.
[[nodiscard]] std::optional<candidate> judge(const docker::container& container, const judge_options& options,
                                             std::vector<complaint>& refused);

[[nodiscard]] complaint complain(const docker::container& container, site::refused_value value);

}  // namespace heberg::proxy
