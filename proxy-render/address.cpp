// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/address.h"

#include <arpa/inet.h>

#include <array>

namespace heberg::proxy {
namespace {

std::string canonical_address(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return {};
  if (inet_ntop(family, bytes.data(), canonical.data(), canonical.size()) == nullptr) return {};
  return family == AF_INET6 ? "[" + std::string(canonical.data()) + "]" : canonical.data();
}

}  // namespace

std::string address_of(const docker::container& container) {
  if (container.host_network) return "127.0.0.1";
  for (const auto& network : container.networks) {
    if (network.name == "ingress") continue;  // swarm's own
    if (auto address = canonical_address(AF_INET, network.ipv4); !address.empty()) return address;
    if (auto address = canonical_address(AF_INET6, network.ipv6); !address.empty()) return address;
  }
  return {};
}

}  // namespace heberg::proxy
