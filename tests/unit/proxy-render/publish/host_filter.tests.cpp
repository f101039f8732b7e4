// SPDX-License-Identifier: LGPL-2.1-or-later
// What is published of hosts that nginx has refused.
#include "proxy-render/publish/host_filter.h"

#include "proxy-render/plan/planner.h"
#include "proxy-render/render/render_cache.h"
#include "unit/proxy-render/compact.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg;
using namespace heberg::proxy;

vhost_list hosts_of(std::initializer_list<const char*> names) {
  std::string text;
  for (const auto* name : names)
    text += "container " + std::string(name) + "\n env VIRTUAL_HOST=" + name + "\n network bridge 172.17.0.2\n";
  return make_plan(test::parse_containers(text), {}).vhosts;
}

bool has(const host_config& config, std::string_view part) {
  return config.blocks.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a refused host is closed under its name, all others are served") {
  host_filter filter;
  const auto hosts = hosts_of({"a.test", "b.test"});
  const auto configs = render_hosts(hosts, {});
  filter.refuse(*configs[0]);
  const auto selected = filter.select(hosts, configs, {});
  REQUIRE(selected.configs.size() == 2);
  CHECK(has(*selected.configs[0], "server_name \"a.test\""));
  CHECK_FALSE(has(*selected.configs[0], "upstream"));
  CHECK(selected.origins[0].is_closed);
  CHECK(selected.configs[1] == configs[1]);
  CHECK_FALSE(selected.origins[1].is_closed);
  CHECK(selected.count_served() == 1);
}

TEST_CASE("a host that is refused closed, too, is left out, and so is a regular expression at once") {
  host_filter filter;
  const auto hosts = hosts_of({"a.test", "~^b$"});
  const auto configs = render_hosts(hosts, {});
  for (const auto& config : configs) filter.refuse(*config);
  const auto closed = filter.select(hosts, configs, {});
  REQUIRE(closed.configs.size() == 1);
  filter.refuse(*closed.configs[0]);
  CHECK(filter.select(hosts, configs, {}).configs.empty());
}

TEST_CASE("a refused host is served again once its config is another, or it is readmitted") {
  host_filter filter;
  const auto hosts = hosts_of({"a.test"});
  const auto configs = render_hosts(hosts, {});
  filter.refuse(*configs[0]);
  SECTION("readmitted") {
    filter.readmit(*configs[0]);
    CHECK(filter.select(hosts, configs, {}).count_served() == 1);
  }
  SECTION("all are") {
    filter.forget_all();
    CHECK(filter.select(hosts, configs, {}).count_served() == 1);
  }
  SECTION("another config, and the old one is forgotten") {
    const auto changed = render_hosts(hosts, {.http_port = 8080});
    CHECK(filter.select(hosts, changed, {.http_port = 8080}).count_served() == 1);
    CHECK(filter.select(hosts, configs, {}).count_served() == 1);
  }
  SECTION("not otherwise") {
    CHECK(filter.select(hosts, configs, {}).count_served() == 0);
    CHECK(filter.select(hosts, configs, {}).count_served() == 0);
  }
}

TEST_CASE("a host that cannot be rendered is closed, and named once") {
  host_filter filter;
  const auto hosts = hosts_of({"a.test"});
  const std::vector<shared_config> configs = {std::make_shared<const host_config>(
      host_config{.name = {}, .address = {}, .blocks = {}, .fault = "a.test: a reason"})};
  const auto first = filter.select(hosts, configs, {});
  CHECK(first.new_faults == std::vector<std::string>{"a.test: a reason"});
  CHECK(first.count_served() == 0);
  CHECK(filter.select(hosts, configs, {}).new_faults.empty());
}
