// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/address.h"

#include "site/hosts.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace heberg::proxy {
namespace {

constexpr int k_network_users_max = 8;  // a container may share the network of one that shares another's

std::string canonical_address(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return {};
  if (inet_ntop(family, bytes.data(), canonical.data(), canonical.size()) == nullptr) return {};
  return family == AF_INET6 ? "[" + std::string(canonical.data()) + "]" : canonical.data();
}

// The container that has the network. nullptr where that one is not known.
const docker::container* find_network_owner(const docker::container& container, const docker::containers& containers) {
  const auto* owner = &container;
  for (int i = 0; !owner->network_of.empty(); ++i) {
    const auto found = containers.find(owner->network_of);
    if (found == containers.end() || i == k_network_users_max) return nullptr;
    owner = &found->second;
  }
  return owner;
}

// A network of a container that does not run may have no id.
bool are_one(const docker::network& a, const docker::network& b) {
  return a.id.empty() || b.id.empty() ? a.name == b.name : a.id == b.id;
}

bool reaches(const proxy_location& from, const docker::network& network) {
  if (network.name == "ingress") return false;  // Docker Swarm's own
  return from.container.empty() ||
         std::ranges::any_of(from.networks, [&](const docker::network& ours) { return are_one(ours, network); });
}

std::string address_of_host(const proxy_location& from) {
  if (from.container.empty()) return "127.0.0.1";
  for (const auto& network : from.networks) {
    if (auto address = canonical_address(AF_INET, network.gateway); !address.empty()) return address;
  }
  return {};
}

const docker::container* find_container(const docker::containers& containers, const proxy_location_options& options) {
  if (!options.container.empty()) {
    if (const auto found = containers.find(options.container); found != containers.end()) return &found->second;
    for (const auto& [id, container] : containers) {
      if (container.name == options.container) return &container;
    }
    return nullptr;
  }
  for (const auto& id : options.own_ids) {
    if (const auto found = containers.find(id); found != containers.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace

proxy_location find_proxy_location(const docker::containers& containers, const proxy_location_options& options) {
  const auto* self = find_container(containers, options);
  const auto* owner = self == nullptr ? nullptr : find_network_owner(*self, containers);
  if (owner == nullptr || owner->host_network) return {.container = {}};
  return {.container = self->name, .networks = owner->networks};
}

std::string address_of(const docker::container& container, const proxy_location& from,
                       const docker::containers& containers) {
  const auto* owner = find_network_owner(container, containers);
  if (owner == nullptr) return {};
  if (owner->host_network) return address_of_host(from);
  for (const auto& network : owner->networks) {
    if (!reaches(from, network)) continue;
    if (auto address = canonical_address(AF_INET, network.ipv4); !address.empty()) return address;
    if (auto address = canonical_address(AF_INET6, network.ipv6); !address.empty()) return address;
  }
  return {};
}

std::string explain_no_address(const docker::container& container, const proxy_location& from) {
  if (!container.network_of.empty()) return "shares the network of a container that the proxy cannot reach";
  if (from.container.empty()) {
    return "has no address that the proxy can reach: connect it to a bridge network "
           "(docker network connect bridge NAME)";
  }
  const auto proxy = "the proxy's container " + site::printable(from.container);
  if (container.host_network) return "is on the host's network, to which " + proxy + " has no gateway";
  std::string networks;
  for (const auto& network : from.networks) networks.append(networks.empty() ? "" : ", ").append(network.name);
  if (networks.empty()) return proxy + " is on no network: nothing is reached from there";
  return "is on no network of " + proxy + " (" + site::printable(networks) +
         "): connect one to a network of the other " + "(docker network connect NETWORK CONTAINER)";
}

}  // namespace heberg::proxy
