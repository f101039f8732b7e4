// SPDX-License-Identifier: LGPL-2.1-or-later
// What golden/proxy/*.txt does not show: time, order, and the sides of each rule. Long because they share one world.
#include "proxy-render/plan/planner.h"

#include "proxy-render/render/render.h"
#include "proxy-render/render/render_cache.h"
#include "unit/proxy-render/compact.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <random>

namespace {

using namespace heberg;
using namespace std::chrono_literals;

proxy::plan plan_of(const docker::containers& all) {
  return proxy::make_plan(all, {.sites = {.root = "/sites", .images = {"php:apache"}},
                                .own_ports = {80, 443},
                                .external_ports = {{9000, 9000}}});
}

proxy::plan plan_of(const std::string& text) {
  return plan_of(test::parse_containers(text));
}

std::string site_container(const std::string& name, const std::string& host, const std::string& more = "") {
  return "container " + name + "\n  image php:apache\n  mount /sites/" + name + "/www\n  env VIRTUAL_HOST=" + host +
         "\n  network bridge 172.17.0.2\n" + more;
}

}  // namespace

TEST_CASE("the name belongs to the site whose container is the oldest, whatever the ids") {
  auto all = test::parse_containers(site_container("a", "x.test") + site_container("b", "x.test"));
  CHECK(plan_of(all).vhosts[0].owner == "site:a");
  all.begin()->second.created += 1h;
  CHECK(plan_of(all).vhosts[0].owner == "site:b");
  CHECK(plan_of(all).refused[0].reason == "belongs to site:b already");
}

TEST_CASE("a stopped site's name is not up for grabs") {
  const auto plan = plan_of(site_container("a", "x.test", "  state exited\n") + site_container("b", "x.test"));
  REQUIRE(plan.vhosts.size() == 1);
  CHECK(plan.vhosts[0].owner == "site:a");
  CHECK(service_of(plan.vhosts[0]) == proxy::service::stopped);
  CHECK(plan.refused[0].container == "b");
}

TEST_CASE("a site with a running and a stopped container is served by the running one") {
  const auto plan = plan_of(site_container("a", "x.test", "  state exited\n") +
                            "container a2\n  image php:apache\n  mount /sites/a/www\n" +
                            "  env VIRTUAL_HOST=x.test\n  network bridge 172.17.0.9\n");
  REQUIRE(plan.vhosts.size() == 1);
  CHECK(service_of(plan.vhosts[0]) == proxy::service::up);
  CHECK(plan.vhosts[0].locations[0].backends == std::vector<proxy::backend>{{"172.17.0.9", 80, "a2"}});
  CHECK(plan.vhosts[0].containers == std::vector<std::string>{"a", "a2"});
}

TEST_CASE("an unhealthy or starting container gets no request while another is healthy") {
  const auto plan_with = [](const std::string& first, const std::string& second) {
    return plan_of(
        site_container("a", "x.test", "  health " + first + "\n") +
        "container a2\n  image php:apache\n  mount /sites/a/www\n  env VIRTUAL_HOST=x.test\n  network bridge "
        "172.17.0.9\n  health " +
        second + "\n");
  };
  const struct {
    std::string first, second;
    std::vector<std::string> served;
    proxy::service service;
  } rows[] = {{"healthy", "healthy", {"a", "a2"}, proxy::service::up},
              {"healthy", "starting", {"a"}, proxy::service::up},
              {"unhealthy", "healthy", {"a2"}, proxy::service::up},
              {"unhealthy", "starting", {"a2"}, proxy::service::up},
              {"starting", "starting", {"a", "a2"}, proxy::service::up},
              {"unhealthy", "unhealthy", {}, proxy::service::unhealthy}};
  for (const auto& row : rows) {
    INFO(row.first << " " << row.second);
    const auto plan = plan_with(row.first, row.second);
    std::vector<std::string> served;
    for (const auto& backend : plan.vhosts.at(0).locations.at(0).backends) served.push_back(backend.container);
    CHECK(served == row.served);
    CHECK(service_of(plan.vhosts[0]) == row.service);
  }
}

TEST_CASE("where replicas differ the oldest container counts, and the others have a complaint") {
  const auto plan = plan_of(site_container("a", "x.test", "  env MAX_BODY=1m\n") +
                            "container a2\n  image php:apache\n  mount /sites/a/www\n  env VIRTUAL_HOST=x.test\n  env "
                            "MAX_BODY=2m\n  env VIRTUAL_DEST=/y\n  network bridge 172.17.0.9\n");
  REQUIRE(plan.vhosts.size() == 1);
  CHECK(plan.vhosts[0].limits.max_body == 1U << 20U);
  REQUIRE(plan.vhosts[0].locations.size() == 1);
  CHECK(plan.vhosts[0].locations[0].route.destination.empty());
  CHECK(plan.vhosts[0].locations[0].backends.size() == 2);
  CHECK(plan.refused == std::vector<proxy::complaint>{
                            {"a2", "MAX_BODY", "2m", "differs from that of a, which is older and counts"},
                            {"a2", "VIRTUAL_DEST", "/y", "differs from that of a, which is older and counts"}});
}

TEST_CASE("the stricter NETWORK_ACCESS of a location counts, whichever container is older") {
  for (const bool older_is_internal : {true, false}) {
    const auto word = [&](bool internal) { return internal ? std::string("  env NETWORK_ACCESS=internal\n") : ""; };
    const auto plan = plan_of(site_container("a", "x.test", word(older_is_internal)) +
                              "container a2\n  image php:apache\n  mount /sites/a/www\n  env VIRTUAL_HOST=x.test\n" +
                              word(!older_is_internal) + "  network bridge 172.17.0.9\n");
    CHECK(plan.vhosts.at(0).locations.at(0).internal);
    CHECK(plan.refused.at(0).reason == "differs from that of a: internal counts");
  }
}

TEST_CASE(
    "a name with or without www. belongs to the container that requests it, and is never redirected while it is "
    "served") {
  const auto plan = plan_of(site_container("a", "x.test,www.y.test,z.test,www.z.test", "  env REDIRECT_WWW=true\n") +
                            site_container("b", "www.x.test"));
  std::vector<std::string> seen;
  for (const auto& vhost : plan.vhosts) seen.push_back(vhost.host.text + " -> " + vhost.redirect_to);
  CHECK(seen == std::vector<std::string>{"www.x.test -> x.test", "www.y.test -> ", "www.z.test -> ", "x.test -> ",
                                         "y.test -> www.y.test", "z.test -> "});
  CHECK(plan.refused.at(0).container == "b");

  const auto served = plan_of(site_container("a", "x.test", "  env REDIRECT_WWW=true\n") +
                              "container a2\n  image php:apache\n  mount /sites/a/www\n  env "
                              "VIRTUAL_HOST=www.x.test\n  network bridge 172.17.0.9\n");
  CHECK(served.vhosts.at(0).host.text == "www.x.test");
  CHECK(served.vhosts.at(0).redirect_to.empty());
  CHECK(served.vhosts.at(0).locations.size() == 1);
}

TEST_CASE(
    "a port belongs to the older request, whatever the names, and a host that does not get it is closed, not gone") {
  const auto plan =
      plan_of(site_container("old", "z.test", "  env EXTERNAL_HTTP_PORT=9000\n") +
              site_container("new", "a.test", "  env EXTERNAL_HTTPS_PORT=9000\n") + site_container("wild", "*.w.test"));
  REQUIRE(plan.vhosts.size() == 3);
  CHECK(plan.vhosts[0].host.text == "a.test");
  CHECK(plan.vhosts[0].closed);
  CHECK(plan.vhosts[0].external == site::external_ports{});
  CHECK(plan.vhosts[1].host.text == "z.test");
  CHECK_FALSE(plan.vhosts[1].closed);
  CHECK(plan.vhosts[1].external.http == 9000);
  CHECK(plan.refused == std::vector<proxy::complaint>{
                            {"new", "EXTERNAL_HTTPS_PORT", "9000", "is in use for http already: a.test answers 503"}});
}

TEST_CASE("who does not get one port takes no other either") {
  const auto plan =
      plan_of(site_container("a", "a.test", "  env EXTERNAL_HTTP_PORT=9000\n  env EXTERNAL_HTTPS_PORT=80\n") +
              site_container("b", "b.test", "  env EXTERNAL_HTTPS_PORT=9000\n"));
  CHECK(plan.vhosts.at(0).closed);
  CHECK_FALSE(plan.vhosts.at(1).closed);
}

TEST_CASE("ports of its own are for a plain name, and its redirected name has them, too") {
  for (const auto* host : {"*.x.test", "x.*", "~^x", "a.test,*.x.test"}) {
    INFO(host);
    const auto plan = plan_of(site_container("a", host, "  env EXTERNAL_HTTP_PORT=9000\n"));
    CHECK(plan.vhosts.empty());
    CHECK(plan.refused.at(0).reason == "is not a plain name: only plain names can have external ports");
  }
  const auto several = plan_of(
      "container a\n  env VIRTUAL_HOST_MULTIPORTS=\"*.x.test\": {external_http_port: 9000}\n  network n 172.17.0.2\n");
  CHECK(several.refused.at(0).variable == "VIRTUAL_HOST_MULTIPORTS");
  const auto plan =
      plan_of(site_container("a", "x.test,[::1]", "  env EXTERNAL_HTTP_PORT=9000\n  env REDIRECT_WWW=true\n"));
  REQUIRE(plan.vhosts.size() == 3);
  for (const auto& vhost : plan.vhosts) CHECK(vhost.external.http == 9000);
}

TEST_CASE("a container that is in two sites' trees is not a replica") {
  const auto plan = plan_of("container plain\n  env VIRTUAL_HOST=x.test\n  network bridge 172.17.0.8\n" +
                            site_container("a", "x.test", "  mount /sites/b/www\n"));
  CHECK(plan.vhosts[0].owner == "container:plain");
  CHECK(plan.refused[0].container == "a");
  CHECK(plan.refused[0].reason.starts_with("is not served: it mounts the trees of two sites"));
}

TEST_CASE("a container that is refused as a site's is served under none of its names, whatever else it asks for") {
  for (const auto* mount :
       {"/", "/sites", "/sites/root/www", "/sites/UPPER/www", "/sites/-x/www", "/sites/a/www/public"}) {
    INFO(mount);
    const auto plan =
        plan_of(std::string("container bad\n  image php:apache\n  mount ") + mount +
                "\n  env VIRTUAL_HOST=x.test\n  network bridge 172.17.0.3\n" + site_container("b", "x.test"));
    REQUIRE(plan.vhosts.size() == 1);
    CHECK(plan.vhosts[0].owner == "site:b");
    REQUIRE(plan.refused.size() == 1);
    CHECK(plan.refused[0].container == "bad");
    CHECK(plan.refused[0].reason.starts_with("is not served: "));
  }
}

TEST_CASE("each variable of a container that claims another's site or host changes nothing of that host") {
  const auto alone = plan_of(site_container("va", "va.test"));
  for (const auto variable : site::variable::all()) {
    for (const auto* claim : {"  label heberg.site=va\n", "  image php:apache\n", ""}) {
      for (const auto* value : {"va.test", "internal", "true", "0", "9000", "off"}) {
        const std::string name(variable.name());
        INFO(name << "=" << value << claim);
        const auto plan = plan_of(site_container("va", "va.test") + "container at\n  env VIRTUAL_HOST=va.test\n  env " +
                                  name + "=" + value + "\n  label " + site::label_of(variable) + "=" + value + "\n" +
                                  claim + "  network bridge 172.17.0.9\n");
        const auto found =
            std::ranges::find(plan.vhosts.shared(), "va.test", [](const auto& one) { return one->host.text; });
        REQUIRE(found != plan.vhosts.shared().end());
        CHECK(**found == alone.vhosts[0]);
      }
    }
  }
}

TEST_CASE("containers of no site share a name where the sysadmin lists it, and nowhere else") {
  const auto all = test::parse_containers(
      "container one\n  label com.docker.compose.project=p\n  env VIRTUAL_HOST=x.test,y.test\n  network n 172.17.0.2\n"
      "container two\n  label com.docker.compose.project=p\n  env VIRTUAL_HOST=x.test,y.test\n  network n "
      "172.17.0.3\n");
  const auto plan =
      proxy::make_plan(all, {.sites = {}, .own_ports = {}, .shared_hosts = {{site::host_kind::name, "y.test"}}});
  REQUIRE(plan.vhosts.size() == 2);
  CHECK(plan.vhosts[0].owner == "container:one");
  CHECK(plan.vhosts[0].locations[0].backends.size() == 1);
  CHECK(plan.vhosts[1].owner == proxy::k_shared_owner);
  CHECK(plan.vhosts[1].locations[0].backends.size() == 2);
  CHECK(plan.refused.at(0).container == "two");
}

TEST_CASE("a name of no site passes to its next container at once, and never to a site") {
  const auto plain = [](const std::string& name) {
    return "container " + name + "\n  env VIRTUAL_HOST=x.test\n  network n 172.17.0.2\n";
  };
  const proxy::plan_options options{
      .sites = {.root = "/sites", .images = {"php:apache"}}, .own_ports = {}, .keep_names = 72h};
  proxy::memory memory;
  const auto look = [&](const std::string& text) {
    return proxy::make_plan(test::parse_containers(text), options, memory, std::chrono::sys_seconds(1h));
  };
  CHECK(look(plain("one")).vhosts.at(0).owner == "container:one");
  CHECK(look(site_container("s", "x.test")).vhosts.empty());
  CHECK(look(site_container("s", "x.test") + plain("two")).vhosts.at(0).owner == "container:two");
}

TEST_CASE("a port that the sysadmin does not list is not opened: the host is closed, and says why") {
  const auto plan = plan_of(site_container("a", "a.test", "  env EXTERNAL_HTTP_PORT=2375\n") +
                            site_container("b", "b.test", "  env EXTERNAL_HTTP_PORT=80\n"));
  CHECK(plan.vhosts.at(0).closed);
  CHECK(plan.vhosts.at(0).external == site::external_ports{});
  CHECK_FALSE(plan.vhosts.at(1).closed);
  CHECK(plan.refused == std::vector<proxy::complaint>{{"a", "EXTERNAL_HTTP_PORT", "2375",
                                                       "is not one of proxy.external_ports: a.test answers 503"}});
}

TEST_CASE("containers without VIRTUAL_HOST, or with an empty one, are none of our business") {
  const auto plan = plan_of(
      "container a\n  env VIRTUAL_PORT=bad\n  network bridge 172.17.0.2\ncontainer b\n  env VIRTUAL_HOST= , \n  env "
      "VIRTUAL_PORT=bad\n");
  CHECK(plan.vhosts.empty());
  CHECK(plan.refused.empty());
  CHECK(plan.unreachable.empty());
}

TEST_CASE("one host's block does not depend on the others") {
  const auto alone = plan_of(site_container("b", "b.test"));
  const auto among =
      plan_of(site_container("a", "a.test") + site_container("b", "b.test") + site_container("c", "~^c"));
  CHECK(proxy::render_vhost(alone.vhosts[0], {}) == proxy::render_vhost(among.vhosts[1], {}));
}

TEST_CASE("the order of the engine's answer does not show") {
  auto all = test::parse_containers(site_container("a", "x.test,a.test") + site_container("b", "b.test") +
                                    "container c\n  env VIRTUAL_HOST=b.test,~^r\n  network n fd00::1\n");
  docker::containers renamed;
  int i = 9;
  for (auto [id, container] : all) {
    container.id = std::string(63, 'f') + std::to_string(i--);
    renamed[container.id] = container;
  }
  CHECK(proxy::render(plan_of(all).vhosts, {}) == proxy::render(plan_of(renamed).vhosts, {}));
}

TEST_CASE("options reach the text") {
  const auto plan = plan_of(site_container("a", "a.test"));
  const auto text = proxy::render(
      plan.vhosts, {.http_port = 8081, .ipv6 = false, .max_body = 0, .access_log = "/x y", .preamble = {}});
  CHECK(text.find("listen 8081;") != std::string::npos);
  CHECK(text.find("[::]") == std::string::npos);
  CHECK(text.find("client_max_body_size 0;") != std::string::npos);
  CHECK(text.find("access_log \"/x y\" heberg;") != std::string::npos);
  CHECK(proxy::render(plan.vhosts, {}).find("client_max_body_size 64m;") != std::string::npos);
}

namespace {

const std::vector<std::string> k_hosts = {"a.test", "b.test",   "c.test",   "*.z.test",
                                          "~^a",    "b.z.test", "bad name", "d.test:x"};

// Sites of few names, so that they meet in them.
class random_engine {
 public:
  explicit random_engine(unsigned seed) : random_(seed) {}

  docker::containers all;

  // One to three containers that come, go, or change.
  docker::container_ids change() {
    docker::container_ids changed;
    for (auto left = pick(3) + 1; left > 0; --left) {
      const auto id = "id" + std::to_string(pick(12));
      changed.insert(id);
      if (pick(3) == 0) {
        all.erase(id);
      } else if (all.contains(id) && pick(2) == 0) {
        all[id].state = pick(2) == 0 ? docker::container_state::running : docker::container_state::exited;
        all[id].health = pick(4) == 0 ? docker::health::unhealthy : docker::health::none;
        all[id].inspected = pick(5) != 0;
        if (!all[id].networks.empty()) all[id].networks[0].ipv4 = "172.17.0." + std::to_string(pick(250) + 2);
      } else {
        all[id] = make(id);
      }
    }
    return changed;
  }

  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

 private:
  docker::container make(const std::string& id) {
    const auto site = "s" + std::to_string(pick(4));
    auto text = "container c-" + id + "\n  image " + (pick(4) == 0 ? "app" : "php:apache") + "\n  mount /sites/" +
                site + "/www\n  env VIRTUAL_HOST=" + k_hosts[pick(8)] + (pick(3) == 0 ? "," + k_hosts[pick(6)] : "") +
                "\n";
    if (pick(5) > 0) text += "  network bridge 172.17.0." + std::to_string(pick(250) + 2) + "\n";
    if (pick(6) == 0) text += "  env REDIRECT_WWW=true\n";
    if (pick(6) == 0) text += "  env VIRTUAL_PATH=/" + std::to_string(pick(3)) + "\n";
    if (pick(6) == 0) text += "  env EXTERNAL_HTTP_PORT=" + std::to_string(8000 + pick(2)) + "\n";
    if (pick(6) == 0) text += "  env EXTERNAL_HTTPS_PORT=" + std::to_string(8000 + pick(2)) + "\n";
    if (pick(6) == 0) text += "  env CERT_NAME=none\n";
    if (pick(6) == 0) text += "  env MAX_BODY=" + std::to_string(pick(3) + 1) + "m\n";
    auto made = test::parse_containers(text).begin()->second;
    made.id = id;
    made.created += std::chrono::seconds(++age_ % 7);
    if (pick(8) == 0) made.network_of = "id" + std::to_string(pick(12));
    return made;
  }

  std::mt19937 random_;
  unsigned age_ = 0;
};

}  // namespace

TEST_CASE("a plan that was kept up to date is the plan from nothing, whatever has changed") {
  const proxy::plan_options options{.sites = {.root = "/sites", .images = {"php:apache"}},
                                    .own_ports = {80, 443},
                                    .certificates = {{"a.test", "1"}},
                                    .external_ports = {{8000, 8000}},
                                    .shared_hosts = {{site::host_kind::name, "b.test"}},
                                    .host_owners = {{{site::host_kind::name, "c.test"}, "site:s1"}},
                                    .keep_names = 3h};
  for (unsigned seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    random_engine engine(seed);
    proxy::planner planner;
    proxy::memory kept;
    std::chrono::sys_seconds now{1'000'000s};
    for (int step = 0; step < 100; ++step) {
      planner.forget(engine.change());
      if (engine.pick(20) == 0) planner.forget_all();
      now += std::chrono::minutes(engine.pick(60));
      auto before = kept;
      const auto with = planner.update(engine.all, options, kept, now);
      const auto without = proxy::make_plan(engine.all, options, before, now);
      REQUIRE(std::ranges::equal(with.vhosts.shared(), without.vhosts.shared(),
                                 [](const auto& a, const auto& b) { return *a == *b; }));
      REQUIRE(with.refused == without.refused);
      REQUIRE(with.unreachable == without.unreachable);
      REQUIRE(proxy::dump_memory(kept) == proxy::dump_memory(before));
      REQUIRE(kept.changed == before.changed);
      kept.changed = false;
    }
  }
}

TEST_CASE("a host that no event concerns is the same object in the next plan") {
  auto all = test::parse_containers(site_container("a", "a.test") + site_container("b", "b.test"));
  proxy::planner planner;
  proxy::memory memory;
  const auto first = planner.update(all, {}, memory, {});
  const auto b = std::next(all.begin())->first;
  all.at(b).networks[0].ipv4 = "172.17.0.9";
  planner.forget({b});
  const auto second = planner.update(all, {}, memory, {});
  CHECK(first.vhosts.shared()[0] == second.vhosts.shared()[0]);
  CHECK(first.vhosts.shared()[1] != second.vhosts.shared()[1]);
  CHECK(second.vhosts[1].locations[0].backends[0].address == "172.17.0.9");
}
