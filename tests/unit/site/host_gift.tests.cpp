// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/host_gift.h"

#include <catch2/catch.hpp>

using namespace heberg::site;
using heberg::docker::container;

namespace {

const std::string k_key(k_gift_key_size, 'a');

container given() {
  container c;
  c.user = "20001:20001";
  c.environment = {{"VIRTUAL_HOST", "www.shop.test,~^"}};
  c.labels["heberg.gift"] = sign_gift(k_key, "shop", 20001, "www.shop.test,~^");
  return c;
}

}  // namespace

TEST_CASE("the names that hebergctl signed are given to that site") {
  const auto hosts = given_hosts(k_key, "shop", given());
  REQUIRE(hosts.size() == 2);
  CHECK(hosts[0].text == "www.shop.test");
}

TEST_CASE("a signature is for that site, that UID, those names and that key") {
  CHECK(given_hosts(k_key, "other", given()).empty());
  CHECK(given_hosts(std::string(k_gift_key_size, 'b'), "shop", given()).empty());
  CHECK(given_hosts("", "shop", given()).empty());
  const auto with = [](auto change) {
    auto c = given();
    change(c);
    return given_hosts(k_key, "shop", c).empty();
  };
  CHECK(with([](container& c) { c.user = "20002:20002"; }));
  CHECK(with([](container& c) { c.user = "20001:20002"; }));
  CHECK(with([](container& c) { c.user = ""; }));
  CHECK(with([](container& c) { c.environment = {{"VIRTUAL_HOST", "www.shop.test,~^a"}}; }));
  CHECK(with([](container& c) { c.labels["heberg.proxy.virtual_host"] = "x.test"; }));
  CHECK(with([](container& c) { c.labels.clear(); }));
  CHECK(with([](container& c) { c.labels["heberg.gift"] = ""; }));
  CHECK(with([](container& c) { c.labels["heberg.gift"].back() ^= 1; }));
}
