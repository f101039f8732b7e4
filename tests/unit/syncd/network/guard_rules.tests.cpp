// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/network/guard_rules.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;
using Catch::Matchers::Contains;

TEST_CASE("a plan's sets are in the rules, sorted, and an empty one has no elements") {
  guard_plan plan;
  plan.closed_bridges = {"br-1"};
  plan.closed_ports = {"veth2", "veth1"};
  plan.ipv4 = {{"veth1", "02:42:ac:12:00:02", "172.18.0.2"}};
  plan.ipv6 = {{"veth1", "02:42:ac:12:00:02", "fd00::2"}};
  plan.addresses4 = {{"docker0", "172.17.0.2"}};
  const auto text = render_guard(plan, {.ports = {"tcp/80", "tcp/9000-9010"}, .resolvers = {"192.0.2.53", "fd00::53"}});
  CHECK_THAT(text, Contains("set closed_ports { type ifname; elements = { \"veth1\",\n    \"veth2\" } }\n"));
  CHECK_THAT(text, Contains("{ \"veth1\" . 02:42:ac:12:00:02 . 172.18.0.2 } }\n"));
  CHECK_THAT(text, Contains("{ \"veth1\" . 0xfd000000000000000000000000000002 } }\n"));
  CHECK_THAT(text, Contains("elements = { tcp . 80,\n    tcp . 9000-9010 } }\n"));
  CHECK_THAT(text, Contains("set resolvers4 { type ipv4_addr; elements = { 192.0.2.53 } }\n"));
  CHECK_THAT(text, Contains("set resolvers6 { type ipv6_addr; elements = { fd00::53 } }\n"));
  CHECK_THAT(text, Contains("set same_bridge { type ifname . ifname; elements = { \"docker0\" . \"docker0\" } }\n"));
  CHECK_THAT(text, Contains("set site_ports { type ifname; }\n"));
}

TEST_CASE("a bridge is named in the rules only where the kernel can tell it") {
  CHECK_THAT(render_guard({}, {.ports = {}}), Contains("meta ibrname @closed_bridges iifname != @closed_ports"));
  CHECK_THAT(render_guard({}, {.ports = {}, .has_bridge_names = false}), !Contains("brname"));
}

TEST_CASE("the rules replace what is there, in one transaction, and go without an error where there are none") {
  CHECK(render_guard({}, {.ports = {}}).starts_with(render_no_guard()));
  CHECK(render_no_guard() ==
        "table bridge heberg\ndelete table bridge heberg\ntable inet heberg\ndelete table inet heberg\n");
}

TEST_CASE("sites reach the proxy's ports on the host, and those that the sysadmin opens") {
  settings s;
  s.proxy.http_port = 8080;
  s.proxy.external_ports = {"9000-9010"};
  s.network.host_ports = {"tcp/25", "udp/123"};
  CHECK(list_open_ports(s) ==
        std::vector<std::string>{"tcp/25", "tcp/443", "tcp/8080", "tcp/9000-9010", "udp/123", "udp/443"});
}

TEST_CASE("name servers of resolv.conf are reached wherever they are, loopback's are the engine's business") {
  CHECK(list_resolvers(
            "# nameserver 1.1.1.1\nnameserver 169.254.169.254\nnameserver\t10.0.0.1 # x\nnameserver 127.0.0.53\n"
            "nameserver ::1\nnameserver fd00::1\nnameservers 9.9.9.9\nnameserver x; accept\nnameserver") ==
        std::vector<std::string>{"10.0.0.1", "169.254.169.254", "fd00::1"});
}
