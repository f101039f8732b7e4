// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/host_claims.h"

#include "proxy-render/plan/planner.h"
#include "site/host_gift.h"
#include "unit/proxy-render/compact.h"

#include <catch2/catch.hpp>

#include <algorithm>

namespace {

using namespace heberg;

std::string site_container(const std::string& site, const std::string& host) {
  return "container " + site + "\n  image php:apache\n  mount /sites/" + site + "/www\n  env VIRTUAL_HOST=" + host +
         "\n  network bridge 172.17.0.2\n";
}

site::host host_of(const std::string& text) {
  return std::get<site::host>(site::parse_host(text));
}

// Whether a newer site gets the newer name beside an older site's.
bool gets(const std::string& older, const std::string& newer, const proxy::plan_options& more = {}) {
  auto options = more;
  options.sites = {.root = "/sites", .images = {"php:apache"}};
  const auto plan =
      proxy::make_plan(test::parse_containers(site_container("va", older) + site_container("at", newer)), options);
  const auto has = std::ranges::any_of(plan.vhosts, [](const proxy::vhost& one) { return one.owner == "site:at"; });
  CHECK(has == plan.refused.empty());
  return has;
}

}  // namespace

TEST_CASE("a newer name takes no request from an older owner's name, wildcard or expression") {
  const struct {
    std::string older, newer;
    bool gets;
  } rows[] = {
      {"*.shop.test", "www.shop.test", false},
      {"*.shop.test", "shop.test", true},
      {"*.shop.test", "a.b.shop.test", false},
      {"*.shop.test", "*.eu.shop.test", false},
      {"*.shop.test", "*.myshop.test", true},
      {"*.shop.test", "~^www[.]shop[.]test$", true},  // a wildcard comes first
      {"www.shop.test", "*.shop.test", false},
      {"www.shop.test", "~^www[.]shop", false},
      {"www.shop.test", "~^WWW[.]SHOP", false},
      {"www.shop.test", "www.shop.*", false},
      {"www.shop.*", "www.shop.org", false},
      {"www.shop.*", "*.shop.org", false},
      {"www.shop.*", "*.www.shop.org", false},
      {"www.shop.*", "*.other.org", true},
      {"www.shop.*", "www.shop.co.*", false},
      {"~^r[0-9]+[.]shop[.]test$", "r7.shop.test", false},
      {"~^r[0-9]+[.]shop[.]test$", "R7.Shop.Test.", false},
      {"~^r[0-9]+[.]shop[.]test$", "rx.shop.test", true},
      {"~^r[0-9]+\\.shop\\.test$", "*.shop.test", false},
      {"~^r[0-9]+\\.shop\\.test$", "*.other.test", true},
      {"~^r[0-9]+\\.shop", "*.other.test", false},             // it has no literal end: who knows
      {"~^r[0-9]+[.]shop[.]test$", "~^r[0-9]+[.]shop", true},  // the older one comes first
      {"a.test", "b.test", true},
  };
  for (const auto& row : rows) {
    INFO(row.older << " " << row.newer);
    CHECK(gets(row.older, row.newer) == row.gets);
  }
}

TEST_CASE("the same site has names within its own patterns") {
  const auto plan = proxy::make_plan(
      test::parse_containers(site_container("a", "*.shop.test,www.shop.test,~^x[0-9]+[.]shop[.]test$")),
      {.sites = {.root = "/sites", .images = {"php:apache"}}, .own_ports = {}});
  CHECK(plan.vhosts.size() == 3);
  CHECK(plan.refused.empty());
}

TEST_CASE("a pattern for names of everybody is refused, however it is written") {
  for (const auto* text : {"~^", "~^.*", "~^.*$", "~^[^.]+", "~^[a-z0-9.-]+$", "~^(.+)[.](.+)$", "~^.*[.]com$", "*.org",
                           "www.*", "~^(?!www)", "~^\\w", "~^[^z]", "~^|a", "~^.*(?<!x)$"}) {
    INFO(text);
    const auto parsed = site::parse_host(text);
    if (const auto* host = std::get_if<site::host>(&parsed)) {
      CHECK(site::is_catch_all(*host));
      CHECK_FALSE(gets("va.test", text));
    }
  }
  for (const auto* text :
       {"~^www[0-9]+[.]example[.]org$", "*.example.org", "www.example.*", "~^a", "~^(www|api)[.]x[.]test$"})
    CHECK_FALSE(site::is_catch_all(host_of(text)));
}

TEST_CASE("what the sysadmin gives is its owner's at once, within another's pattern and against an older request") {
  proxy::plan_options options;
  options.host_owners = {
      {host_of("www.shop.test"), "site:at"}, {host_of("~^"), "site:at"}, {host_of("x.test"), "site:at"}};
  CHECK(gets("*.shop.test", "www.shop.test", options));
  CHECK(gets("a.test", "~^", options));
  options.sites = {.root = "/sites", .images = {"php:apache"}};
  proxy::memory memory;
  const auto look = [&](const proxy::plan_options& with) {
    return proxy::make_plan(test::parse_containers(site_container("va", "x.test") + site_container("at", "x.test")),
                            with, memory, {});
  };
  CHECK(look({.sites = options.sites, .own_ports = {}}).vhosts.at(0).owner == "site:va");
  const auto given = look(options);
  CHECK(given.vhosts.at(0).owner == "site:at");
  CHECK(given.refused.at(0).reason == "belongs to site:at already");
}

TEST_CASE(
    "what hebergctl create signed is no theft within another's pattern, and takes no name that another site has") {
  const std::string key(site::k_gift_key_size, 'a');
  const auto plan_with = [&](const std::string& older, const std::string& newer, const std::string& signed_for) {
    auto all = test::parse_containers(site_container("va", older) + site_container("at", newer));
    auto& last = all.rbegin()->second;
    last.user = "20001:20001";
    last.labels[site::k_gift_label] = site::sign_gift(key, signed_for, 20001, newer);
    return proxy::make_plan(all,
                            {.sites = {.root = "/sites", .images = {"php:apache"}}, .own_ports = {}, .gift_key = key});
  };
  CHECK(plan_with("*.shop.test", "www.shop.test", "at").vhosts.size() == 2);
  CHECK(plan_with("a.test", "~^", "at").vhosts.size() == 2);
  CHECK(plan_with("*.shop.test", "www.shop.test", "va").vhosts.size() == 1);
  CHECK(plan_with("x.test", "x.test", "at").vhosts.at(0).owner == "site:va");
}

TEST_CASE("a given name waits for its owner") {
  proxy::plan_options options{.sites = {.root = "/sites", .images = {"php:apache"}}, .own_ports = {}};
  options.host_owners = {{host_of("x.test"), "site:at"}};
  const auto plan = proxy::make_plan(test::parse_containers(site_container("va", "x.test")), options);
  CHECK(plan.vhosts.empty());
  CHECK(plan.refused.at(0).reason == "is given to site:at by proxy.host_owners");
}

TEST_CASE("a name that was refused goes to its requester when the pattern is gone") {
  proxy::plan_options options{.sites = {.root = "/sites", .images = {"php:apache"}}, .own_ports = {}};
  auto all = test::parse_containers(site_container("va", "*.shop.test") + site_container("at", "www.shop.test"));
  proxy::planner planner;
  proxy::memory memory;
  CHECK(planner.update(all, options, memory, {}).vhosts.size() == 1);
  const auto first = all.begin()->first;
  all.erase(first);
  planner.forget({first});
  const auto plan = planner.update(all, options, memory, {});
  REQUIRE(plan.vhosts.size() == 1);
  CHECK(plan.vhosts[0].owner == "site:at");
}

TEST_CASE("an expression that is too expensive counts as one that matches") {
  CHECK(site::host_regex("~^(a+)+$").matches(std::string(60, 'a') + "!"));
  CHECK_FALSE(site::host_regex("~^a$").matches("b"));
}
