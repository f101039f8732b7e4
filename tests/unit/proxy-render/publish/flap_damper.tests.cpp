// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/flap_damper.h"

#include "proxy-render/plan/planner.h"
#include "unit/proxy-render/compact.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg;
using namespace heberg::proxy;
using namespace std::chrono_literals;

constexpr flap_damper::time k_start{1h};
constexpr char k_first[] = "172.17.0.2";

// The site "a" in that state, beside a site "b" that runs.
vhost_list hosts_with(const std::string& state, const std::string& address = k_first, const std::string& more = "") {
  const auto one = [](const std::string& name, const std::string& at, const std::string& is) {
    return "container " + name + "\n  env VIRTUAL_HOST=" + name + ".test\n  network bridge " + at + "\n  " + is + "\n";
  };
  return make_plan(test::parse_containers(one("a", address, state) + more + one("b", "172.17.0.9", "state running")),
                   {})
      .vhosts;
}

const std::string k_up = "health healthy";
const std::string k_down = "health unhealthy";

const vhost& host_a(const vhost_list& of) {
  return of.at(0);
}

std::string address_of_a(const vhost_list& of) {
  const auto& backends = host_a(of).locations.at(0).backends;
  return backends.empty() ? "" : backends[0].address;
}

// Changes a's state so often, one change a second; what the last settlement says.
flap_damper::result flap(flap_damper& damper, int changes, bool is_crowded) {
  auto last = damper.settle(hosts_with(k_up), is_crowded, k_start);
  for (int i = 1; i <= changes; ++i)
    last = damper.settle(hosts_with(i % 2 == 1 ? k_down : k_up), is_crowded, k_start + std::chrono::seconds(i));
  return last;
}

}  // namespace

TEST_CASE("three changes in a minute are published, and any number while nginx has few workers") {
  flap_damper damper;
  const auto third = flap(damper, 3, true);
  CHECK(third.held.empty());
  CHECK(damper.has_restless(k_start + 5s));
  CHECK(service_of(host_a(third.vhosts)) == service::unhealthy);
  flap_damper relaxed;
  const auto last = flap(relaxed, 20, false);
  CHECK(last.held.empty());
  CHECK(service_of(host_a(last.vhosts)) == service::up);
  CHECK_FALSE(relaxed.next_release(k_start));
}

TEST_CASE("the fourth change is held, for longer each time, and the others' are not") {
  flap_damper damper;
  CHECK_FALSE(damper.has_restless(k_start));
  const auto held = flap(damper, 4, true);
  CHECK(held.held == std::vector<std::string>{"container:a"});
  CHECK(service_of(host_a(held.vhosts)) == service::unhealthy);
  CHECK(service_of(held.vhosts.at(1)) == service::up);
  CHECK_FALSE(damper.has_restless(k_start + 5s));  // it is held
  CHECK(damper.next_release(k_start + 5s) == k_start + 4s + 30s);
  CHECK(service_of(host_a(damper.settle(hosts_with(k_up), true, k_start + 33s).vhosts)) == service::unhealthy);
  const auto released = damper.settle(hosts_with(k_up), true, k_start + 35s);
  CHECK(released.held.empty());
  CHECK(service_of(host_a(released.vhosts)) == service::up);
  for (int i = 36; i < 39; ++i)
    static_cast<void>(damper.settle(hosts_with(i % 2 == 0 ? k_down : k_up), true, k_start + std::chrono::seconds(i)));
  CHECK(damper.next_release(k_start + 39s) == k_start + 38s + 60s);
}

TEST_CASE("an address that is gone is not served while its host is held, and none is added") {
  const auto one = [](const std::string& name, const std::string& at) {
    return "container " + name + "\n  env VIRTUAL_HOST=shared.test\n  network bridge " + at + "\n";
  };
  const auto first = one("s1", k_first);
  const auto both = first + one("s2", "172.17.0.3");
  const auto plan = [](const std::string& text) {
    return make_plan(test::parse_containers(text),
                     {.sites = {}, .own_ports = {}, .shared_hosts = {{site::host_kind::name, "shared.test"}}})
        .vhosts;
  };
  flap_damper damper;
  auto now = k_start;
  auto last = damper.settle(plan(first), true, now);
  for (int i = 0; i < 4; ++i) last = damper.settle(plan(i % 2 == 0 ? both : first), true, now += 1s);
  CHECK(last.held == std::vector<std::string>{"host:shared.test"});
  const auto more = damper.settle(plan(both), true, now += 1s);
  CHECK(host_a(more.vhosts).locations.at(0).backends.size() == 1);
  const auto moved = damper.settle(plan(one("s1", "172.17.0.77")), true, now += 1s);
  CHECK(address_of_a(moved.vhosts).empty());
  CHECK(service_of(host_a(moved.vhosts)) == service::stopped);
}

TEST_CASE("what a held host serves follows its container: who may have it, and its paths") {
  flap_damper damper;
  static_cast<void>(flap(damper, 4, true));
  const auto other = "health healthy\n  env MAX_BODY=1m";
  const auto limited = damper.settle(hosts_with(other), true, k_start + 6s).vhosts;
  CHECK(host_a(limited).limits.max_body == 1U << 20U);
  CHECK(service_of(host_a(limited)) == service::unhealthy);
  const auto moved = damper.settle(hosts_with("health healthy\n  env VIRTUAL_PATH=/x"), true, k_start + 7s).vhosts;
  CHECK(host_a(moved).locations.at(0).route.path.text == "/x");
}

TEST_CASE("an address is lost where its host has another one, none, or is gone") {
  const auto before = hosts_with(k_up);
  CHECK_FALSE(loses_address(before, before));
  CHECK_FALSE(loses_address(before, hosts_with(k_up)));
  CHECK_FALSE(loses_address({}, before));
  CHECK(loses_address(before, hosts_with(k_up, "172.17.0.77")));
  CHECK(loses_address(before, hosts_with(k_down)));
  CHECK(loses_address(before, {}));
  CHECK_FALSE(loses_address(hosts_with(k_down), before));
}
