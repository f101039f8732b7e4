// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/engine_networks.h"

#include <arpa/inet.h>

#include <array>

namespace heberg::proxy {
namespace {

// Empty where the address is none, or the length unknown.
std::string subnet_of(int family, const std::string& address, unsigned prefix) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  const unsigned bits = family == AF_INET ? 32 : 128;
  if (prefix == 0 || prefix > bits || inet_pton(family, address.c_str(), bytes.data()) != 1) return {};
  for (unsigned bit = prefix; bit < bits; ++bit)
    bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] & ~(0x80U >> (bit % 8)));
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) return {};
  return std::string(text.data()) + "/" + std::to_string(prefix);
}

}  // namespace

void add_subnets(std::set<std::string>& subnets, const docker::container& container) {
  for (const auto& network : container.networks) {
    for (auto subnet : {subnet_of(AF_INET, network.ipv4, network.ipv4_prefix),
                        subnet_of(AF_INET6, network.ipv6, network.ipv6_prefix)}) {
      if (!subnet.empty()) subnets.insert(std::move(subnet));
    }
  }
}

}  // namespace heberg::proxy
