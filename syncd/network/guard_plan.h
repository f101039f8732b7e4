// SPDX-License-Identifier: LGPL-2.1-or-later
// From the containers and the host's interfaces to what the rules of the network need to know: which port of which bridge
// is whose, and what it may send. Pure. Every container is hostile, root in it may send any frame.
//
// On the sites' own network, heberg-sites, no port reaches another, and a port that is not known sends nothing. On any
// other bridge the ports of sites are guarded, those of other containers are not: a site reaches these and the containers
// of its own site, and no other site's.
#pragma once

#include "docker/container.h"
#include "syncd/network/host_links.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace heberg::syncd {

inline constexpr char k_sites_network[] = "heberg-sites";

// A container that runs.
struct network_member {
  std::string id;
  std::string name;  // hostile
  std::string site;  // empty: it is no site's. One that wants to be a site's and is refused is a site for itself
  std::uint32_t pid = 0;
  bool host_network = false;
  std::string network_of = {};                 // the id of the container whose network it shares
  std::optional<int> network_namespace = {};   // host_network::find_namespace
  std::vector<docker::network> networks = {};  // its own
  bool operator==(const network_member&) const = default;
};

struct guard_plan {
  using names = std::set<std::string>;
  using pairs = std::set<std::pair<std::string, std::string>>;
  using senders = std::set<std::tuple<std::string, std::string, std::string>>;

  names closed_bridges;                          // those of heberg-sites
  names guarded_bridges;                         // those, and all others with a site's port
  names engine_bridges;                          // all that the engine's networks have
  names closed_ports;                            // of closed_bridges
  names site_ports;                              // of other bridges
  pairs same_site_ports;                         // port, port
  senders ipv4, ipv6;                            // port, MAC, address: what it may send
  pairs addresses4, addresses6;                  // bridge, address: of sites on other bridges than the closed ones
  pairs same_site4, same_site6;                  // address, address
  std::map<std::string, std::string> unguarded;  // a site's container -> why, and what to do; hostile
  bool operator==(const guard_plan&) const = default;
};

[[nodiscard]] guard_plan plan_guard(std::span<const network_member> members, std::span<const host_link> links);

}  // namespace heberg::syncd
