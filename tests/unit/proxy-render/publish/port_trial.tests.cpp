// SPDX-License-Identifier: LGPL-2.1-or-later
// Which hosts are refused for a port that nginx does not get, and which are tried again.
#include "proxy-render/publish/port_trial.h"

#include <catch2/catch.hpp>

#include <memory>

namespace {

using namespace heberg::proxy;

shared_config on_port(const std::string& name, std::uint16_t port) {
  return std::make_shared<const host_config>(
      host_config{.name = {},
                  .address = {},
                  .blocks = "server {\n    listen " + std::to_string(port) + ";\n    server_name " + name + ";\n}\n",
                  .external = {.http = port, .https = 0}});
}

std::vector<std::size_t> indexes_of(const std::vector<port_trial::refusal>& refused) {
  std::vector<std::size_t> indexes;
  for (const auto& one : refused) indexes.push_back(one.index);
  return indexes;
}

const shared_config k_plain = std::make_shared<const host_config>(
    host_config{.name = {}, .address = {}, .blocks = "server {\n    listen 80;\n}\n"});

}  // namespace

TEST_CASE("a host's own port is new until nginx has served a text with it") {
  port_trial trial(80, 443);
  CHECK(trial.find_new_port(*on_port("a", 9000)) == 9000);
  trial.note_served("server {\n    listen 9000;\n}\n");
  CHECK(trial.find_new_port(*on_port("a", 9000)) == 0);
  CHECK(trial.find_new_port(*on_port("a", 9001)) == 9001);
  trial.note_served("server {\n    listen 80;\n}\n");
  CHECK(trial.find_new_port(*on_port("a", 9000)) == 9000);  // nginx has given it back
}

TEST_CASE("the proxy's own ports are never new, nor is a port that the host's text does not listen on") {
  const port_trial trial(80, 443);
  CHECK(trial.find_new_port(*k_plain) == 0);
  CHECK(trial.find_new_port(*on_port("a", 80)) == 0);
  CHECK(trial.find_new_port(*on_port("a", 443)) == 0);
  auto without_certificate = *k_plain;
  without_certificate.external = {.http = 0, .https = 9443};
  CHECK(trial.find_new_port(without_certificate) == 0);
}

TEST_CASE("each host with a new port is refused, the others are not") {
  port_trial trial(80, 443);
  trial.note_served("server {\n    listen 9000;\n}\n");
  const auto refused = trial.refuse_new_ports(
      {{"a", on_port("a", 9000)}, {"b", on_port("b", 2222)}, {"c", k_plain}, {"b", on_port("b2", 2223)}});
  CHECK(indexes_of(refused) == std::vector<std::size_t>{1, 3});
  REQUIRE(refused.size() == 2);
  CHECK(refused[0].port == 2222);
}

TEST_CASE("hosts of a single owner are not tried again") {
  port_trial trial(80, 443);
  static_cast<void>(trial.refuse_new_ports({{"a", on_port("a", 2222)}, {"a", on_port("a2", 2223)}}));
  CHECK_FALSE(trial.take_retrial().has_value());
}

TEST_CASE("of several owners each is tried again by itself, once") {
  port_trial trial(80, 443);
  static_cast<void>(
      trial.refuse_new_ports({{"b", on_port("b", 2222)}, {"a", on_port("a", 9000)}, {"b", on_port("b2", 2223)}}));
  const auto first = trial.take_retrial();
  REQUIRE(first.has_value());
  CHECK(first->owner == "a");
  CHECK(first->configs == std::set<host_config>{*on_port("a", 9000)});
  const auto second = trial.take_retrial();
  REQUIRE(second.has_value());
  CHECK(second->owner == "b");
  CHECK(second->configs.size() == 2);
  CHECK_FALSE(trial.take_retrial().has_value());
}

TEST_CASE("owners that wait to be tried again are forgotten on demand") {
  port_trial trial(80, 443);
  static_cast<void>(trial.refuse_new_ports({{"b", on_port("b", 2222)}, {"a", on_port("a", 9000)}}));
  trial.forget_retrials();
  CHECK_FALSE(trial.take_retrial().has_value());
}
