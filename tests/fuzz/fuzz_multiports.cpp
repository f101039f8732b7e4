// SPDX-License-Identifier: LGPL-2.1-or-later
// VIRTUAL_HOST_MULTIPORTS of a container, YAML or JSON. What is accepted is sorted, within its limits, without a second
// route to the same place, and the same again where it is written down as JSON and read.
#include "site/hosts.h"
#include "site/multiports.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>

namespace {

using namespace heberg;
using json = nlohmann::ordered_json;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

auto read(std::string_view text) {
  docker::container container;
  container.environment.emplace_back("VIRTUAL_HOST_MULTIPORTS", text);
  return site::multiports_of(container);
}

const char* name_of(site::protocol protocol) {
  constexpr const char* k_names[] = {"http", "https", "fastcgi", "uwsgi", "grpc", "grpcs"};
  return k_names[static_cast<std::size_t>(protocol)];
}

json written(const std::vector<site::multiport>& all) {
  json document = json::object();
  for (const auto& one : all) {
    auto& host = document[one.host.text];
    if (one.external.http != 0) host["external_http_port"] = one.external.http;
    if (one.external.https != 0) host["external_https_port"] = one.external.https;
    host[site::show(one.route.path)] = {
        {"port", one.port}, {"dest", one.route.destination}, {"proto", name_of(one.route.protocol)}};
  }
  return document;
}

void check(const std::vector<site::multiport>& all) {
  require(all.size() <= site::k_multiports_paths_max && std::ranges::is_sorted(all, {}, &site::multiport::host));
  std::set<site::host> hosts;
  std::set<std::pair<site::host, site::path>> places;
  for (const auto& one : all) {
    hosts.insert(one.host);
    require(places.insert({one.host, one.route.path}).second);
    require(one.port > 0 && !one.route.path.text.empty());
    require(is_printable(one.host.text) && is_printable(one.route.path.text) && is_printable(one.route.destination));
    const auto again = site::parse_host(one.host.text);
    require(std::holds_alternative<site::host>(again) && std::get<site::host>(again) == one.host);
  }
  require(hosts.size() <= site::k_hosts_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto found = read({reinterpret_cast<const char*>(data), size});
  if (const auto* refused = std::get_if<site::refused_value>(&found)) {
    require(!refused->reason.empty() && is_printable(refused->reason) && refused->reason.size() < 1000);
    require(is_printable(refused->value) && refused->value.size() <= 404);
    return 0;
  }
  const auto& all = std::get<std::vector<site::multiport>>(found);
  check(all);
  if (all.empty() || std::ranges::any_of(all, [](const auto& one) { return one.route.path.text[0] != '/'; })) return 0;
  const auto text = written(all).dump();
  if (text.size() > site::k_multiports_bytes_max) return 0;  // the shorter spelling was within the limit
  const auto again = read(text);
  require(std::holds_alternative<std::vector<site::multiport>>(again));
  require(std::get<std::vector<site::multiport>>(again) == all);
  return 0;
}
