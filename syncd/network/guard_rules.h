// SPDX-License-Identifier: LGPL-2.1-or-later
// The rules of the network as nft(8)'s text: two tables, "bridge heberg" and "inet heberg", replaced as a whole in one
// transaction. Pure. Equal plans give equal bytes.
#pragma once

#include "program/settings.h"
#include "syncd/network/guard_plan.h"

#include <string>
#include <string_view>
#include <vector>

namespace heberg::syncd {

struct guard_options {
  std::vector<std::string> ports;           // of the host that sites reach: "tcp/80", "tcp/9000-9010"
  std::vector<std::string> resolvers = {};  // name servers that sites reach wherever they are: IPv4 and IPv6 addresses
  bool has_bridge_names = true;             // the kernel tells a port's bridge in a rule (nft_meta_bridge)
};

// The proxy's ports, and those of network.host_ports.
[[nodiscard]] std::vector<std::string> list_open_ports(const settings& settings);

// The addresses of resolv.conf(5)'s name servers; others than loopback's.
[[nodiscard]] std::vector<std::string> list_resolvers(std::string_view resolv_conf);

[[nodiscard]] std::string render_guard(const guard_plan& plan, const guard_options& options);

// Takes both tables away; no error where there are none.
[[nodiscard]] std::string render_no_guard();

}  // namespace heberg::syncd
