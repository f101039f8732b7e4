// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/address.h"

#include "proxy-render/plan/own_container.h"
#include "proxy-render/plan/planner.h"
#include "proxy-render/plan/vhosts.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg;

std::string id_of(char c) {
  return std::string(64, c);
}

docker::network network(const std::string& name, const std::string& ipv4, const std::string& gateway = "") {
  return {.name = name, .id = "id-of-" + name, .ipv4 = ipv4, .ipv6 = {}, .gateway = gateway};
}

docker::container& add(docker::containers& to, char id, const std::string& name,
                       std::vector<docker::network> networks) {
  docker::container c;
  c.id = id_of(id);
  c.name = name;
  c.state = docker::container_state::running;
  c.networks = std::move(networks);
  return to[c.id] = c;
}

// The proxy on "b" and "c", whose gateway is the host.
docker::containers with_proxy() {
  docker::containers all;
  add(all, 'a', "edge", {network("b", "10.2.0.2"), network("c", "10.3.0.2", "10.3.0.1")});
  return all;
}

proxy::proxy_location from_edge(const docker::containers& all) {
  return proxy::find_proxy_location(all, {.container = "edge", .own_ids = {}});
}

}  // namespace

TEST_CASE("the proxy is where the settings say, else in our own container, else on the host") {
  auto all = with_proxy();
  add(all, 'b', "other", {network("x", "10.9.0.2")});
  CHECK(from_edge(all).container == "edge");
  CHECK(proxy::find_proxy_location(all, {.container = id_of('a'), .own_ids = {}}).container == "edge");
  CHECK(proxy::find_proxy_location(all, {.container = "edge", .own_ids = {id_of('b')}}).container == "edge");
  const auto own = proxy::find_proxy_location(all, {.container = {}, .own_ids = {id_of('f'), id_of('b')}});
  CHECK(own.container == "other");
  CHECK(own.networks.size() == 1);
  CHECK(proxy::find_proxy_location(all, {.container = {}, .own_ids = {id_of('f')}}).container.empty());
  CHECK(proxy::find_proxy_location(all, {.container = "gone", .own_ids = {}}).container.empty());
  all.at(id_of('a')).host_network = true;
  CHECK(from_edge(all).container.empty());
}

TEST_CASE("from the host every network is reached, from a container those that it shares, by name") {
  auto all = with_proxy();
  const auto& site =
      add(all, 'd', "site",
          {network("a", "10.1.0.9"), network("b", ""), network("c", "10.3.0.9"), network("d", "10.4.0.9")});
  CHECK(proxy::address_of(site, {.container = {}}, all) == "10.1.0.9");
  CHECK(proxy::address_of(site, from_edge(all), all) == "10.3.0.9");  // the one on "b" has no address
  const auto& stranger = add(all, 'e', "stranger", {network("a", "10.1.0.8")});
  CHECK(proxy::address_of(stranger, from_edge(all), all).empty());
  CHECK(proxy::explain_no_address(stranger, from_edge(all)) ==
        "is on no network of the proxy's container edge (b, c): connect one to a network of the other "
        "(docker network connect NETWORK CONTAINER)");
}

TEST_CASE("two networks of one name are two, and an IPv6 address is in brackets") {
  auto all = with_proxy();
  auto elsewhere = network("b", "10.2.0.9");
  elsewhere.id = "another";
  auto ipv6 = network("c", "");
  ipv6.ipv6 = "fd00:0::9";
  const auto& site = add(all, 'd', "site", {elsewhere, ipv6});
  CHECK(proxy::address_of(site, from_edge(all), all) == "[fd00::9]");
}

TEST_CASE("a container on the host's network is at a gateway of the proxy's") {
  auto all = with_proxy();
  auto& site = add(all, 'd', "site", {});
  site.host_network = true;
  CHECK(proxy::address_of(site, from_edge(all), all) == "10.3.0.1");
  CHECK(proxy::address_of(site, {.container = {}}, all) == "127.0.0.1");
  all.at(id_of('a')).networks.pop_back();
  CHECK(proxy::address_of(site, from_edge(all), all).empty());
  CHECK(proxy::explain_no_address(site, from_edge(all)) ==
        "is on the host's network, to which the proxy's container edge has no gateway");
}

TEST_CASE("a container that shares another's network is at that one's address") {
  auto all = with_proxy();
  add(all, 'd', "vpn", {network("c", "10.3.0.9")});
  add(all, 'e', "site", {}).network_of = id_of('d');
  const auto& site = all.at(id_of('e'));
  CHECK(proxy::address_of(site, from_edge(all), all) == "10.3.0.9");
  all.at(id_of('d')).network_of = id_of('e');  // in a circle
  CHECK(proxy::address_of(site, from_edge(all), all).empty());
  all.erase(id_of('d'));
  CHECK(proxy::address_of(site, from_edge(all), all).empty());
  // The proxy itself, beside a container that has its ports.
  add(all, 'f', "pod", {network("c", "10.3.0.7")});
  all.at(id_of('a')).network_of = id_of('f');
  CHECK(from_edge(all).networks.front().name == "c");
}

TEST_CASE("a container that the proxy does not reach is named with the remedy, and its names answer 502") {
  auto all = with_proxy();
  auto& site = add(all, 'd', "site", {network("a", "10.1.0.9")});
  site.environment = {{"VIRTUAL_HOST", "site.test"}};
  const auto plan =
      proxy::make_plan(all, {.sites = {}, .own_ports = {}, .location = {.container = "edge", .own_ids = {}}});
  REQUIRE(plan.unreachable.size() == 1);
  CHECK(plan.unreachable[0].container == "site");
  CHECK(plan.unreachable[0].reason.find("edge (b, c)") != std::string::npos);
  REQUIRE(plan.vhosts.size() == 1);
  CHECK(service_of(plan.vhosts[0]) == proxy::service::unreachable);
  CHECK(plan.from.container == "edge");
}

TEST_CASE("our own container is known by the files that the engine mounts, or by its control group") {
  const auto a = id_of('a');
  const auto b = id_of('b');
  // Docker, cgroup v2 with a namespace of its own; a volume that holds other containers' folders says nothing.
  CHECK(proxy::parse_own_ids("1 2 254:0 /x /y rw - ext4 /dev/vda rw\n"
                             "710 699 254:1 /docker/containers/" +
                                 b +
                                 "/hosts /elsewhere/hosts rw - ext4 /dev/vda rw\n"
                                 "711 699 254:1 /docker/containers/" +
                                 a + "/hosts /etc/hosts rw - ext4 /dev/vda rw\n",
                             "0::/\n") == std::vector{a});
  // Podman.
  CHECK(proxy::parse_own_ids(
            "9 8 0:24 /containers/overlay-containers/" + a + "/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw\n",
            "0::/machine.slice/libpod-" + a + ".scope/container\n") == std::vector{a});
  CHECK(proxy::parse_own_ids("136 125 0:40 /pod/vfs-containers/" + a +
                                 "/userdata/resolv.conf /etc/resolv.conf rw,relatime - tmpfs tmpfs rw\n",
                             "") == std::vector{a});
  // cgroup v1; the innermost of engines within engines first.
  CHECK(proxy::parse_own_ids("", "12:memory:/docker/" + b + "/docker/" + a + "\n1:name=systemd:/docker/" + b +
                                     "/docker/" + a + "\n") == std::vector{a, b});
  CHECK(proxy::parse_own_ids("", "0::/system.slice/docker-" + a + ".scope\n") == std::vector{a});
  // Nothing: a host. An id is 64 digits long.
  CHECK(proxy::parse_own_ids("1 2 3\n\n", "0::/user.slice/user-0.slice\n1:x:/" + a + "a\n").empty());
}
