// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/engine_networks.h"

#include "proxy-render/plan/planner.h"
#include "proxy-render/render/render_cache.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::proxy;

namespace {

docker::network make_network(std::string ipv4, std::uint8_t prefix, std::string ipv6 = {},
                             std::uint8_t ipv6_prefix = 0) {
  return {.name = "n",
          .id = "i",
          .ipv4 = std::move(ipv4),
          .ipv6 = std::move(ipv6),
          .gateway = {},
          .mac = {},
          .ipv4_prefix = prefix,
          .ipv6_prefix = ipv6_prefix};
}

std::set<std::string> subnets_of(docker::network network) {
  docker::container container;
  container.networks = {std::move(network)};
  std::set<std::string> subnets;
  add_subnets(subnets, container);
  return subnets;
}

}  // namespace

TEST_CASE("a network's subnet is its container's address without the bits behind the prefix") {
  CHECK(subnets_of(make_network("172.18.3.2", 16)) == std::set<std::string>{"172.18.0.0/16"});
  CHECK(subnets_of(make_network("10.1.2.7", 29, "fd00:1::7", 64)) ==
        std::set<std::string>{"10.1.2.0/29", "fd00:1::/64"});
  CHECK(subnets_of(make_network("172.18.3.2", 0)).empty());
  CHECK(subnets_of(make_network("172.18.3.2", 33)).empty());
  CHECK(subnets_of(make_network("172.18.3.2; allow all", 16)).empty());
  CHECK(subnets_of(make_network("", 16)).empty());
}

TEST_CASE("an internal host denies the sites' networks before it allows any") {
  docker::container container;
  container.id = std::string(64, 'a');
  container.name = "a";
  container.image = "php:apache";
  container.state = docker::container_state::running;
  container.environment = {{"VIRTUAL_HOST", "a.test"}, {"NETWORK_ACCESS", "internal"}};
  container.exposed_ports = {{80, "tcp"}};
  container.networks = {make_network("172.18.0.2", 16)};
  const auto plan = make_plan({{container.id, container}},
                              {.sites = {.root = "/sites", .images = {"php:apache"}}, .own_ports = {80, 443}});
  CHECK(plan.engine_networks == std::vector<std::string>{"172.18.0.0/16"});
  render_options options;
  options.engine_networks = plan.engine_networks;
  CHECK_THAT(render(plan.vhosts, options), Catch::Matchers::Contains("        deny 172.18.0.0/16;\n"
                                                                     "        allow 127.0.0.0/8;\n"
                                                                     "        allow 10.0.0.0/8;\n"));
  options.internal = {"192.0.2.0/24"};
  CHECK_THAT(render(plan.vhosts, options), Catch::Matchers::Contains("        deny 172.18.0.0/16;\n"
                                                                     "        allow 192.0.2.0/24;\n"
                                                                     "        deny all;\n"));
}
