// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/claim_book.h"

#include "keeper_fixture.h"

#include <catch2/catch.hpp>

#include <random>

using namespace heberg;
using namespace heberg::syncd;

namespace {

claim_book make_book() {
  return claim_book(site::classifier({.root = "/sites", .images = {"php:apache"}}));
}

docker::container make_container(const std::string& id, const std::string& site, int created) {
  auto c = test::container_of(site);
  c.id = id;
  c.name = "web-" + id;
  c.created = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(created));
  return c;
}

// "SITE CONTAINER" of each claim, in order.
std::vector<std::string> shown(const claim_book& book) {
  std::vector<std::string> all;
  for (const auto* claim : book.ordered()) all.push_back(claim->site + " " + claim->container_id);
  return all;
}

}  // namespace

TEST_CASE("claims are in the order of sites, and of one site the oldest container that could be inspected is first") {
  docker::containers all;
  all["1"] = make_container("1", "b", 5);
  all["2"] = make_container("2", "b", 3);
  all["3"] = make_container("3", "a", 9);
  all["4"] = make_container("4", "b", 1);
  all["4"].inspected = false;
  auto book = make_book();
  book.take(all);
  CHECK(shown(book) == std::vector<std::string>{"a 3", "b 2", "b 1", "b 4"});
  CHECK(book.has("a"));
  CHECK_FALSE(book.has("aa"));
  REQUIRE(book.find("2") != nullptr);
  CHECK(book.find("2")->site == "b");
  CHECK(book.find("5") == nullptr);
}

TEST_CASE("a container that became another site's, no site's, or refused is judged anew, and alone") {
  docker::containers all;
  for (const auto* id : {"1", "2", "3", "4"}) all[id] = make_container(id, "a", 1);
  auto book = make_book();
  book.take(all);
  all["1"] = make_container("1", "b", 1);
  all["2"].image = "postgres";
  all["3"].mounts[0].source = "/sites/Not A Name/www";
  all["4"].image = "not told of";
  book.take_changes(all, {"1", "2", "3"});
  CHECK(shown(book) == std::vector<std::string>{"a 4", "b 1"});
  REQUIRE(book.refused().size() == 1);
  CHECK(book.refused().begin()->first == "container \"web-3\"");
  all.erase("3");
  book.take_changes(all, {"3"});
  CHECK(book.refused().empty());
}

TEST_CASE("any changes, one after the other, come to the same as one look at all") {
  std::mt19937 random(1);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  docker::containers all;
  auto book = make_book();
  book.take(all);
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
    book.take_changes(all, changed);
    auto fresh = make_book();
    fresh.take(all);
    REQUIRE(shown(book) == shown(fresh));
    REQUIRE(book.refused() == fresh.refused());
  }
}
