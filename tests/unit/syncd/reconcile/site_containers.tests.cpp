// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile/site_containers.h"

#include "unit/syncd/accounts/account_fixture.h"

#include <catch2/catch.hpp>

#include <random>

using namespace heberg;
using namespace heberg::syncd;

namespace {

site_containers make_containers() {
  return site_containers(site::classifier({.root = "/sites", .images = {"php:apache"}}));
}

docker::container make_container(const std::string& id, const std::string& site, int created) {
  auto c = test::container_of(site);
  c.id = id;
  c.name = "web-" + id;
  c.created = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(created));
  return c;
}

// "SITE CONTAINER" of each, in order.
std::vector<std::string> shown(const site_containers& containers) {
  std::vector<std::string> all;
  for (const auto* container : containers.ordered()) all.push_back(container->site + " " + container->container_id);
  return all;
}

}  // namespace

TEST_CASE(
    "containers are in the order of sites, and of one site the oldest container that could be inspected is first") {
  docker::containers all;
  all["1"] = make_container("1", "b", 5);
  all["2"] = make_container("2", "b", 3);
  all["3"] = make_container("3", "a", 9);
  all["4"] = make_container("4", "b", 1);
  all["4"].inspected = false;
  auto containers = make_containers();
  containers.take(all);
  CHECK(shown(containers) == std::vector<std::string>{"a 3", "b 2", "b 1", "b 4"});
  CHECK(containers.has("a"));
  CHECK_FALSE(containers.has("aa"));
  REQUIRE(containers.find("2") != nullptr);
  CHECK(containers.find("2")->site == "b");
  CHECK(containers.find("5") == nullptr);
}

TEST_CASE("a container that became another site's, no site's, or refused is classified again, and alone") {
  docker::containers all;
  for (const auto* id : {"1", "2", "3", "4"}) all[id] = make_container(id, "a", 1);
  auto containers = make_containers();
  containers.take(all);
  all["1"] = make_container("1", "b", 1);
  all["2"].image = "postgres";
  all["3"].mounts[0].source = "/sites/Not A Name/www";
  all["4"].image = "not listed as changed";
  containers.take_changes(all, {"1", "2", "3"});
  CHECK(shown(containers) == std::vector<std::string>{"a 4", "b 1"});
  REQUIRE(containers.refused().size() == 1);
  CHECK(containers.refused().begin()->first == "container \"web-3\"");
  all.erase("3");
  containers.take_changes(all, {"3"});
  CHECK(containers.refused().empty());
}

TEST_CASE("any changes, one after the other, give the same as one list of all") {
  std::mt19937 random(1);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  docker::containers all;
  auto containers = make_containers();
  containers.take(all);
  for (int round = 0; round < 300; ++round) {
    docker::container_ids changed;
    for (int i = below(4); i >= 0; --i) {
      const auto id = std::to_string(below(40));
      changed.insert(id);
      if (below(3) == 0) {
        all.erase(id);
        continue;
      }
      all[id] = make_container(id, std::string(1, static_cast<char>('a' + below(8))), below(5));
      all[id].inspected = below(4) != 0;
      if (below(6) == 0) all[id].mounts[0].source = "/sites/..";
      if (below(6) == 0) all[id].image = "postgres";
    }
    containers.take_changes(all, changed);
    auto fresh = make_containers();
    fresh.take(all);
    REQUIRE(shown(containers) == shown(fresh));
    REQUIRE(containers.refused() == fresh.refused());
  }
}
