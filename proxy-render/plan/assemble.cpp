// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/assemble.h"

#include "site/values.h"
#include "site/variables/variables.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace heberg::proxy {
namespace {

constexpr site::variable k_network_access = "NETWORK_ACCESS";

void complain_of_difference(const parsed_container& from, const parsed_container& older, site::variable variable,
                            std::string_view consequence, std::vector<complaint>& refused) {
  const auto value = site::read_value(*from.container, variable);
  if (value == site::read_value(*older.container, variable)) return;
  refused.push_back(complain(
      *from.container, {variable, site::printable(value),
                        "differs from that of " + site::printable(older.container->name) + std::string(consequence)}));
}

// Of all variables of the host, or of one of its locations. Of NETWORK_ACCESS the stricter value counts, not the older.
void complain_of_differences(const parsed_container& from, const parsed_container& older, site::variable_scope scope,
                             std::vector<complaint>& refused) {
  for (const auto variable : site::variable::all()) {
    if (variable.row().scope == scope && variable != k_network_access)
      complain_of_difference(from, older, variable, ", which is older and counts", refused);
  }
}

// nginx takes one prefix, with or without "^~".
bool are_one_location(const site::path& a, const site::path& b) {
  const auto is_prefix = [](const site::path& p) {
    return p.kind == site::path_kind::prefix || p.kind == site::path_kind::preferred;
  };
  return a.text == b.text && (a.kind == b.kind || (is_prefix(a) && is_prefix(b)));
}

bool is_regex(const location& location) {
  return location.route.path.kind >= site::path_kind::regex;
}

}  // namespace

assembly::assembly(const parsed_container& oldest, const requested_host& first) : oldest_(&oldest) {
  made_.host = first.host;
  made_.owner = oldest.owner;
  made_.limits = oldest.limits;
  made_.tls = oldest.tls;
  made_.maintenance = oldest.access.maintenance;
  made_.server_tokens = oldest.access.server_tokens;
  made_.external = first.external;
  made_.redirect_to = first.redirect_to;
}

assembly::location_parts& assembly::find_location(const parsed_container& from, const requested_host& requested,
                                                  std::vector<complaint>& refused) {
  for (auto& one : locations_) {
    if (!are_one_location(one.made.route.path, requested.route.path)) continue;
    if (one.made.route != requested.route)
      complain_of_differences(from, *one.oldest, site::variable_scope::location, refused);
    if (one.made.internal != from.access.internal)
      complain_of_difference(from, *one.oldest, k_network_access, ": internal counts", refused);
    one.made.internal = one.made.internal || from.access.internal;
    return one;
  }
  return locations_.emplace_back(location_parts{
      .made = {.route = requested.route, .internal = from.access.internal, .service = service::stopped, .backends = {}},
      .oldest = &from,
      .second_choice = {},
      .has_ill = false});
}

void assembly::add(const parsed_container& from, const requested_host& requested, const std::string& address,
                   std::vector<complaint>& refused) {
  const auto name = site::printable(from.container->name);
  if (made_.containers.empty() || made_.containers.back() != name) made_.containers.push_back(name);
  if (&from != oldest_) complain_of_differences(from, *oldest_, site::variable_scope::host, refused);
  if (!requested.redirect_to.empty()) return;
  if (!made_.redirect_to.empty())
    made_.redirect_to.clear();  // the www counterpart of an older container's name is served itself

  auto& one = find_location(from, requested, refused);
  if (from.container->state != docker::container_state::running) return;
  if (from.container->health == docker::health::unhealthy) {
    one.has_ill = true;
  } else if (address.empty()) {
    if (one.made.service == service::stopped) one.made.service = service::unreachable;
  } else if (from.container->health == docker::health::starting) {
    one.second_choice.push_back({address, requested.port, name});
  } else {
    one.made.backends.push_back({address, requested.port, name});
  }
}

vhost assembly::finish() && {
  for (auto& one : locations_) {
    auto& location = one.made;
    if (location.backends.empty()) location.backends = std::move(one.second_choice);
    std::ranges::sort(location.backends);
    if (!location.backends.empty()) {
      location.service = service::up;
    } else if (one.has_ill && location.service == service::stopped) {
      location.service = service::unhealthy;
    }
    made_.locations.push_back(std::move(location));
  }
  const auto regexes = std::ranges::stable_partition(made_.locations, [](const location& l) { return !is_regex(l); });
  std::ranges::sort(made_.locations.begin(), regexes.begin(), {}, [](const location& l) { return l.route.path; });
  return std::move(made_);
}

service service_of(const vhost& vhost) {
  if (!vhost.redirect_to.empty()) return service::up;
  auto best = service::stopped;
  for (const auto& location : vhost.locations) best = std::min(best, location.service);
  return best;
}

}  // namespace heberg::proxy
