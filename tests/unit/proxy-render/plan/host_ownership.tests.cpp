// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose a name is, over redeploys and over the renderer's own restarts.
#include "proxy-render/plan/host_ownership.h"

#include "proxy-render/plan/planner.h"
#include "unit/proxy-render/compact.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg;
using namespace std::chrono_literals;

std::string site_container(const std::string& site, const std::string& host, const std::string& more = "") {
  return "container " + site + "\n  image php:apache\n  mount /sites/" + site + "/www\n  env VIRTUAL_HOST=" + host +
         "\n  network bridge 172.17.0.2\n" + more;
}

// A renderer that looks at the engine's containers from time to time.
struct renderer {
  proxy::memory memory;
  std::chrono::sys_seconds now{1'000'000s};

  proxy::plan look(const docker::containers& all) {
    return proxy::make_plan(
        all, {.sites = {.root = "/sites", .images = {"php:apache"}}, .own_ports = {}, .keep_names = 72h}, memory, now);
  }
  proxy::plan look(const std::string& text) { return look(test::parse_containers(text)); }
};

std::string owner(const proxy::plan& plan, const std::string& host) {
  for (const auto& vhost : plan.vhosts) {
    if (vhost.host.text == host) return vhost.owner;
  }
  return "nobody";
}

}  // namespace

TEST_CASE("a redeployed site keeps its name, though another container that requests it is older now") {
  renderer r;
  CHECK(owner(r.look(site_container("a", "x.test") + site_container("b", "x.test")), "x.test") == "site:a");
  const auto gap = r.look(site_container("b", "x.test"));
  CHECK(owner(gap, "x.test") == "nobody");
  REQUIRE(gap.refused.size() == 1);
  CHECK(gap.refused[0].container == "b");
  CHECK(gap.refused[0].reason ==
        "is reserved for site:a, which had it last (heberg-proxy-render --forget releases it)");
  r.now += 71h;
  const auto back = r.look(site_container("b", "x.test") + site_container("a", "x.test"));
  CHECK(owner(back, "x.test") == "site:a");
  CHECK(back.refused.at(0).reason == "belongs to site:a already");
}

TEST_CASE("the time that a name is kept begins when its owner goes, each time anew") {
  renderer r;
  r.look(site_container("a", "x.test"));
  r.now += 1000h;
  r.look(site_container("a", "x.test"));
  r.look("");
  r.now += 71h;
  r.look(site_container("a", "x.test"));
  r.look("");
  r.now += 71h;
  CHECK(owner(r.look(site_container("b", "x.test")), "x.test") == "nobody");
}

TEST_CASE("a name that its owner has not requested for the time that names are kept is free") {
  renderer r;
  r.look(site_container("a", "x.test"));
  r.look(site_container("b", "x.test"));
  r.now += 72h;
  CHECK(owner(r.look(site_container("b", "x.test")), "x.test") == "site:b");
  r.now += 1h;
  CHECK(owner(r.look(site_container("a", "x.test") + site_container("b", "x.test")), "x.test") == "site:b");
}

TEST_CASE("a name that a site gives up is kept as one whose site is gone") {
  renderer r;
  r.look(site_container("a", "x.test,y.test"));
  const auto plan = r.look(site_container("a", "y.test") + site_container("b", "x.test"));
  CHECK(owner(plan, "y.test") == "site:a");
  CHECK(owner(plan, "x.test") == "nobody");
}

TEST_CASE("regular expressions stay in the order of their first requests over a redeploy") {
  renderer r;
  r.look(site_container("a", "~^a") + site_container("b", "~^b"));
  const auto plan = r.look(site_container("b", "~^b") + site_container("a", "~^a"));
  REQUIRE(plan.vhosts.size() == 2);
  CHECK(plan.vhosts[0].owner == "site:a");
}

TEST_CASE("nothing changed is nothing to be kept") {
  renderer r;
  r.look(site_container("a", "x.test"));
  CHECK(r.memory.changed);
  r.memory.changed = false;
  r.now += 1h;
  r.look(site_container("a", "x.test"));
  CHECK_FALSE(r.memory.changed);
  r.look("");
  CHECK(r.memory.changed);
}

TEST_CASE("a container that cannot be asked about is served by its words as they are remembered") {
  renderer r;
  auto all = test::parse_containers(site_container("a", "x.test", "  env VIRTUAL_PORT=8080\n  env SECRET=s\n"));
  r.look(all);
  auto& listed = all.begin()->second;
  listed.inspected = false;
  listed.environment.clear();
  listed.exposed_ports.clear();
  listed.networks[0].ipv4 = "172.17.0.9";  // the list tells where it is now
  const auto plan = r.look(all);
  REQUIRE(plan.vhosts.size() == 1);
  CHECK(plan.vhosts[0].owner == "site:a");
  CHECK(plan.vhosts[0].locations[0].backends == std::vector<proxy::backend>{{"172.17.0.9", 8080, "a"}});
  CHECK(proxy::dump_memory(r.memory).find("SECRET") == std::string::npos);

  r.look(docker::containers{});  // gone: its id never comes back
  CHECK(r.memory.containers.empty());
}

TEST_CASE("an unknown container that cannot be inspected requests nothing") {
  renderer r;
  auto all = test::parse_containers(site_container("a", "x.test"));
  all.begin()->second.inspected = false;
  CHECK(r.look(all).vhosts.empty());
}
