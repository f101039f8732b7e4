// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/network/guard_plan.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace heberg::syncd {
namespace {

constexpr std::size_t k_same_site_max = 64;  // of one site's containers on one bridge: the pairs grow with the square

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// As the engine prints it, "02:42:ac:12:00:02".
bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 3 == 2 ? text[i] != ':' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_address(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(family, text.c_str(), bytes.data()) == 1;
}

// Names of interfaces that stand in the rules' text. The kernel allows others; the engine makes none.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 15 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

bool is_named_by_engine(std::string_view name) {
  constexpr std::string_view k_prefix = "br-";
  return name == "docker0" || name == "docker_gwbridge" ||
         (name.size() == 15 && name.starts_with(k_prefix) && std::ranges::all_of(name.substr(3), is_hex));
}

// The link-local address that the kernel makes from a MAC (RFC 4291, appendix A).
std::string link_local_of(std::string_view mac) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string flipped(mac);
  flipped[1] = k_digits[k_digits.find(mac[1]) ^ 2U];
  std::string text = "fe80::" + flipped.substr(0, 2) + flipped.substr(3, 2) + ":" + flipped.substr(6, 2) + "ff:fe" +
                     flipped.substr(9, 2) + ":" + flipped.substr(12, 2) + flipped.substr(15, 2);
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1 ||
      ::inet_ntop(AF_INET6, bytes.data(), canonical.data(), canonical.size()) == nullptr)
    return text;
  return canonical.data();
}

// A container's place on a bridge.
struct place {
  const host_link* bridge = nullptr;
  const host_link* port = nullptr;
  const docker::network* network = nullptr;
  std::string site;
};

class planner {
 public:
  planner(std::span<const network_member> members, std::span<const host_link> links)
      : members_(members), links_(links) {}

  guard_plan run() {
    for (const auto& member : members_) sites_.emplace(member.id, member.site);
    for (const auto& member : members_) share_network(member);
    for (const auto& member : members_) find_places(member);
    add_bridges();
    add_ports();
    add_sites();
    return std::move(plan_);
  }

 private:
  void leave_unguarded(const network_member& member, const std::string& why) {
    plan_.unguarded.emplace("container " + member.name, why);
  }

  // A container that shares another's network is a site on that one's port.
  void share_network(const network_member& member) {
    if (member.site.empty()) return;
    if (member.host_network) {
      return leave_unguarded(member,
                             "it is on the host's network, where it reaches every service of the host and the engine's "
                             "networks: run it with --network heberg-sites");
    }
    if (member.network_of.empty()) return;
    const auto owner = sites_.find(member.network_of);
    if (owner == sites_.end()) return;  // it does not run, nor does the network
    if (owner->second.empty()) owner->second = member.site;
    if (owner->second != member.site)
      leave_unguarded(member,
                      "it shares the network of a container of another site: run it with --network heberg-sites");
  }

  const host_link* find_link(const std::string& name) const {
    const auto found = std::ranges::find(links_, name, &host_link::name);
    return found == links_.end() ? nullptr : &*found;
  }

  // The network's bridge: by the names that the engine gives, else by its address, which is the network's gateway.
  const host_link* find_bridge(const docker::network& network) const {
    const auto* link = network.name == "bridge" ? find_link("docker0") : find_link("br-" + network.id.substr(0, 12));
    if (link != nullptr && link->is_bridge) return link;
    if (network.gateway.empty()) return nullptr;
    const auto found = std::ranges::find_if(links_, [&network](const host_link& one) {
      return one.is_bridge && std::ranges::find(one.addresses, network.gateway) != one.addresses.end();
    });
    return found == links_.end() ? nullptr : &*found;
  }

  const host_link* find_port(const network_member& member, int bridge) const {
    if (!member.network_namespace) return nullptr;
    const auto found = std::ranges::find_if(links_, [&](const host_link& link) {
      return link.master == bridge && link.peer_namespace == member.network_namespace;
    });
    return found == links_.end() ? nullptr : &*found;
  }

  void find_places(const network_member& member) {
    if (member.host_network || !member.network_of.empty()) return;
    const auto& site = sites_.at(member.id);
    for (const auto& network : member.networks) {
      if (network.ipv4.empty() && network.ipv6.empty()) continue;  // "none", or not attached yet
      const auto* bridge = find_bridge(network);
      if (bridge != nullptr && is_plain_name(bridge->name)) plan_.engine_bridges.insert(bridge->name);
      const bool is_closed = network.name == k_sites_network;
      if (is_closed && bridge != nullptr && is_plain_name(bridge->name)) plan_.closed_bridges.insert(bridge->name);
      if (site.empty() && !is_closed) continue;
      const auto* port = bridge == nullptr ? nullptr : find_port(member, bridge->index);
      if (bridge == nullptr || port == nullptr || !is_plain_name(port->name) || !is_plain_name(bridge->name)) {
        leave_unguarded(member,
                        bridge == nullptr
                            ? "its network " + network.name +
                                  " has no bridge on this host: run it on a network of the driver bridge, such "
                                  "as heberg-sites"
                            : "its port on the bridge of its network " + network.name +
                                  " is not found: restart it, and see that heberg-syncd runs with --network host "
                                  "and --pid host");
        continue;
      }
      // The port is guarded all the same: it sends nothing.
      if (!is_mac(network.mac))
        leave_unguarded(member, "the engine reports no MAC address for its network " + network.name + ": restart it");
      places_.push_back({.bridge = bridge, .port = port, .network = &network, .site = site});
    }
  }

  void add_bridges() {
    for (const auto& link : links_) {
      if (link.is_bridge && is_named_by_engine(link.name)) plan_.engine_bridges.insert(link.name);
    }
  }

  bool is_closed(const host_link& bridge) const { return plan_.closed_bridges.contains(bridge.name); }

  void add_ports() {
    plan_.guarded_bridges = plan_.closed_bridges;
    std::set<int> closed;
    for (const auto& link : links_) {
      if (is_closed(link)) closed.insert(link.index);
    }
    for (const auto& link : links_) {
      if (closed.contains(link.master) && is_plain_name(link.name)) plan_.closed_ports.insert(link.name);
    }
    for (const auto& at : places_) {
      if (!is_closed(*at.bridge)) plan_.site_ports.insert(at.port->name);
      plan_.guarded_bridges.insert(at.bridge->name);
      const auto& network = *at.network;
      if (!is_mac(network.mac)) continue;
      if (is_address(AF_INET, network.ipv4)) plan_.ipv4.emplace(at.port->name, network.mac, network.ipv4);
      if (is_address(AF_INET6, network.ipv6)) {
        plan_.ipv6.emplace(at.port->name, network.mac, network.ipv6);
        plan_.ipv6.emplace(at.port->name, network.mac, link_local_of(network.mac));
      }
    }
  }

  // On the bridges that are not closed.
  void add_sites() {
    std::map<std::pair<std::string, std::string>, std::vector<const place*>> together;  // by bridge and site
    for (const auto& at : places_) {
      if (is_closed(*at.bridge)) continue;
      const auto& bridge = at.bridge->name;
      if (is_address(AF_INET, at.network->ipv4)) plan_.addresses4.emplace(bridge, at.network->ipv4);
      if (is_address(AF_INET6, at.network->ipv6)) plan_.addresses6.emplace(bridge, at.network->ipv6);
      auto& all = together[{bridge, at.site}];
      if (all.size() < k_same_site_max) all.push_back(&at);
    }
    for (const auto& [ignored, all] : together) {
      for (const auto* from : all) {
        for (const auto* to : all) {
          if (from != to) add_pair(*from, *to);
        }
      }
    }
  }

  void add_pair(const place& from, const place& to) {
    plan_.same_site_ports.emplace(from.port->name, to.port->name);
    if (is_address(AF_INET, from.network->ipv4) && is_address(AF_INET, to.network->ipv4))
      plan_.same_site4.emplace(from.network->ipv4, to.network->ipv4);
    if (is_address(AF_INET6, from.network->ipv6) && is_address(AF_INET6, to.network->ipv6))
      plan_.same_site6.emplace(from.network->ipv6, to.network->ipv6);
  }

  std::span<const network_member> members_;
  std::span<const host_link> links_;
  std::map<std::string, std::string> sites_;  // by container
  std::vector<place> places_;
  guard_plan plan_;
};

}  // namespace

guard_plan plan_guard(std::span<const network_member> members, std::span<const host_link> links) {
  return planner(members, links).run();
}

}  // namespace heberg::syncd
