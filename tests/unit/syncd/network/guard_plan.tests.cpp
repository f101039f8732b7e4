// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/network/guard_plan.h"

#include "syncd/network/network_guard.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;

namespace {

constexpr char k_id[] = "aaaaaaaaaaaa";  // of heberg-sites, whose bridge is br-aaaaaaaaaaaa

docker::network on(std::string name, std::string address, std::string mac = "02:42:ac:12:00:02") {
  return {.name = std::move(name),
          .id = std::string(64, 'a'),
          .ipv4 = std::move(address),
          .ipv6 = {},
          .gateway = {},
          .mac = std::move(mac)};
}

network_member member(std::string id, std::string site, int network_namespace, docker::network network) {
  return {.id = id,
          .name = id,
          .site = std::move(site),
          .pid = 1,
          .network_namespace = network_namespace,
          .networks = {std::move(network)}};
}

std::vector<host_link> links() {
  return {{.index = 2, .name = std::string("br-") + k_id, .is_bridge = true, .addresses = {"172.18.0.1"}},
          {.index = 3, .name = "docker0", .is_bridge = true, .addresses = {"172.17.0.1"}},
          {.index = 4, .name = "veth1", .master = 2, .peer_namespace = 1},
          {.index = 5, .name = "veth2", .master = 2, .peer_namespace = 2},
          {.index = 6, .name = "veth3", .master = 3, .peer_namespace = 3},
          {.index = 7, .name = "veth4", .master = 3, .peer_namespace = 4},
          {.index = 8, .name = "veth5", .master = 3, .peer_namespace = 5},
          {.index = 9, .name = "eth0"}};
}

}  // namespace

TEST_CASE("all ports of the sites' network are closed, and those that are known send as themselves alone") {
  const auto plan = plan_guard(std::vector{member("a", "a", 1, on("heberg-sites", "172.18.0.2"))}, links());
  CHECK(plan.closed_bridges == guard_plan::names{"br-aaaaaaaaaaaa"});
  CHECK(plan.closed_ports == guard_plan::names{"veth1", "veth2"});
  CHECK(plan.ipv4 == guard_plan::senders{{"veth1", "02:42:ac:12:00:02", "172.18.0.2"}});
  CHECK(plan.site_ports.empty());
  CHECK(plan.addresses4.empty());
  CHECK(plan.unguarded.empty());
}

TEST_CASE("sshd's container on the sites' network sends as itself, as a site does") {
  const auto plan = plan_guard(std::vector{member("heberg-sftp", "", 2, on("heberg-sites", "172.18.0.3"))}, links());
  CHECK(plan.ipv4 == guard_plan::senders{{"veth2", "02:42:ac:12:00:02", "172.18.0.3"}});
}

TEST_CASE("on another network the sites' ports are guarded, and only those of one site are paired") {
  const auto plan = plan_guard(
      std::vector{member("a1", "a", 3, on("bridge", "172.17.0.2")), member("a2", "a", 4, on("bridge", "172.17.0.3")),
                  member("database", "", 5, on("bridge", "172.17.0.4"))},
      links());
  CHECK(plan.closed_ports.empty());
  CHECK(plan.site_ports == guard_plan::names{"veth3", "veth4"});
  CHECK(plan.same_site_ports == guard_plan::pairs{{"veth3", "veth4"}, {"veth4", "veth3"}});
  CHECK(plan.same_site4 == guard_plan::pairs{{"172.17.0.2", "172.17.0.3"}, {"172.17.0.3", "172.17.0.2"}});
  CHECK(plan.addresses4 == guard_plan::pairs{{"docker0", "172.17.0.2"}, {"docker0", "172.17.0.3"}});
  const auto apart = plan_guard(
      std::vector{member("a", "a", 3, on("bridge", "172.17.0.2")), member("b", "b", 4, on("bridge", "172.17.0.3"))},
      links());
  CHECK(apart.same_site_ports.empty());
  CHECK(apart.same_site4.empty());
}

TEST_CASE("a bridge with a name of its own is found by its address, the network's gateway") {
  auto with = links();
  with.push_back({.index = 20, .name = "mine0", .is_bridge = true, .addresses = {"10.1.0.1"}});
  with.push_back({.index = 21, .name = "veth20", .master = 20, .peer_namespace = 20});
  auto network = on("mine", "10.1.0.2");
  network.id = std::string(64, 'b');
  network.gateway = "10.1.0.1";
  const auto plan = plan_guard(std::vector{member("a", "a", 20, network)}, with);
  CHECK(plan.site_ports == guard_plan::names{"veth20"});
  CHECK(plan.guarded_bridges == guard_plan::names{"mine0"});
  CHECK(plan.engine_bridges == guard_plan::names{"br-aaaaaaaaaaaa", "docker0", "mine0"});
}

TEST_CASE("a port that has IPv6 sends as its address and as its MAC's link-local one") {
  auto network = on("bridge", "172.17.0.2");
  network.ipv6 = "fd00::2";
  const auto plan = plan_guard(std::vector{member("a", "a", 3, network)}, links());
  CHECK(plan.ipv6 == guard_plan::senders{{"veth3", "02:42:ac:12:00:02", "fd00::2"},
                                         {"veth3", "02:42:ac:12:00:02", "fe80::42:acff:fe12:2"}});
}

TEST_CASE("a site's container that no rule can hold is named, with the reason") {
  SECTION("the host's network") {
    auto one = member("a", "a", 3, on("bridge", ""));
    one.host_network = true;
    CHECK(plan_guard(std::vector{one}, links()).unguarded.at("container a").starts_with("it is on the host's network"));
  }
  SECTION("no bridge") {
    auto network = on("lan", "192.0.2.7");
    network.id = std::string(64, 'c');
    CHECK(plan_guard(std::vector{member("a", "a", 3, network)}, links())
              .unguarded.at("container a")
              .starts_with("its network lan has no bridge on this host"));
  }
  SECTION("no port") {
    CHECK(plan_guard(std::vector{member("a", "a", 77, on("bridge", "172.17.0.2"))}, links())
              .unguarded.at("container a")
              .starts_with("its port on the bridge of its network bridge is not found"));
  }
  SECTION("a MAC that is none") {
    const auto network = on("bridge", "172.17.0.2", "02:42:ac:12:00:02; accept");
    const auto plan = plan_guard(std::vector{member("a", "a", 3, network)}, links());
    CHECK(plan.unguarded.size() == 1);
    CHECK(plan.site_ports == guard_plan::names{"veth3"});
    CHECK(plan.ipv4.empty());
  }
  SECTION("an address that is none reaches no rule") {
    const auto plan = plan_guard(std::vector{member("a", "a", 3, on("bridge", "172.17.0.2 }"))}, links());
    CHECK(plan.ipv4.empty());
    CHECK(plan.addresses4.empty());
    CHECK(plan.site_ports == guard_plan::names{"veth3"});
  }
}

TEST_CASE("a site that shares the network of another container is on that one's port, never on another site's") {
  auto sharing = member("b", "b", 9, on("bridge", ""));
  sharing.network_of = "pause";
  const auto pause = member("pause", "", 3, on("bridge", "172.17.0.2"));
  CHECK(plan_guard(std::vector{pause, sharing}, links()).site_ports == guard_plan::names{"veth3"});
  auto other = pause;
  other.site = "a";
  CHECK(plan_guard(std::vector{other, sharing}, links())
            .unguarded.at("container b")
            .starts_with("it shares the network of a container of another site"));
}

TEST_CASE("a container that wants to be a site's and is not accepted is a site for itself") {
  docker::container refused;
  refused.id = "r";
  refused.state = docker::container_state::running;
  refused.environment = {{"VIRTUAL_HOST", "r.test"}};
  docker::container database;
  database.id = "d";
  database.state = docker::container_state::running;
  auto stopped = database;
  stopped.id = "s";
  stopped.state = docker::container_state::exited;
  const docker::containers all = {{"d", database}, {"r", refused}, {"s", stopped}};
  const auto members = list_members(all, [](const std::string&) { return std::string(); });
  REQUIRE(members.size() == 2);
  CHECK(members[0].site.empty());
  CHECK(members[1].site == "container r");
}
