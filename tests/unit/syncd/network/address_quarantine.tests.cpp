// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/network/address_quarantine.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;

namespace {

constexpr address_quarantine::time k_start{1h};

network_member member(std::string id, std::string site, std::string address, std::string network = k_sites_network) {
  return {.id = std::move(id),
          .name = {},
          .site = std::move(site),
          .networks = {{.name = std::move(network), .id = "n", .ipv4 = std::move(address), .ipv6 = {}}}};
}

// Whether each of them has its network.
std::vector<bool> let_through(address_quarantine& quarantine, std::vector<network_member> members,
                              address_quarantine::time now) {
  quarantine.hold_back(members, now);
  std::vector<bool> has_network;
  for (const auto& one : members) has_network.push_back(!one.networks.empty());
  return has_network;
}

}  // namespace

TEST_CASE("an address that another site had a moment ago is held back for a second and a half") {
  address_quarantine quarantine;
  CHECK(let_through(quarantine, {member("1", "a", "172.18.0.2")}, k_start) == std::vector{true});
  CHECK_FALSE(quarantine.is_holding());
  const auto left = k_start + 1h;  // however long a had it
  CHECK(let_through(quarantine, {member("2", "b", "172.18.0.2")}, left) == std::vector{false});
  CHECK(quarantine.is_holding());
  CHECK(let_through(quarantine, {member("2", "b", "172.18.0.2")}, left + 1400ms) == std::vector{false});
  CHECK(let_through(quarantine, {member("2", "b", "172.18.0.2")}, left + 1500ms) == std::vector{true});
  CHECK_FALSE(quarantine.is_holding());
  // And now it is b's.
  CHECK(let_through(quarantine, {}, left + 1h) == std::vector<bool>{});
  CHECK(let_through(quarantine, {member("1", "a", "172.18.0.2")}, left + 1h + 1s) == std::vector{false});
  CHECK(let_through(quarantine, {member("1", "a", "172.18.0.2")}, left + 1h + 1500ms) == std::vector{true});
}

TEST_CASE("a site's next container has its address at once, and so has everybody on another network") {
  address_quarantine quarantine;
  CHECK(let_through(quarantine, {member("1", "a", "172.18.0.2"), member("3", "c", "172.17.0.2", "bridge")}, k_start) ==
        std::vector{true, true});
  CHECK(let_through(quarantine, {member("2", "a", "172.18.0.2"), member("4", "d", "172.17.0.2", "bridge")},
                    k_start + 1s) == std::vector{true, true});
}

TEST_CASE("who has an address keeps it from who claims it, in whatever order they are listed") {
  address_quarantine quarantine;
  CHECK(let_through(quarantine, {member("2", "b", "172.18.0.2")}, k_start) == std::vector{true});
  CHECK(let_through(quarantine, {member("1", "a", "172.18.0.2"), member("2", "b", "172.18.0.2")}, k_start + 1s) ==
        std::vector{false, true});
}
