// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/candidate.h"

#include "site/multiports.h"
#include "site/values.h"
#include "site/variables/variables.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace heberg::proxy {
namespace {

constexpr std::string_view k_compose_project = "com.docker.compose.project";

std::string owner_of(const docker::container& container, const site::classifier& sites) {
  const auto verdict = sites.classify(container);
  if (const auto* claim = std::get_if<site::claim>(&verdict)) return "site:" + claim->site;
  // It wanted to be a site and cannot: it shares names with nobody.
  if (std::holds_alternative<site::refusal>(verdict)) return "container:" + site::printable(container.name);
  if (const auto* project = docker::find_label(container, k_compose_project); project != nullptr && !project->empty()) {
    return "compose:" + *project;
  }
  return "sysadmin";
}

bool takes_part(const docker::container& container, std::string_view owner) {
  switch (container.state) {
    case docker::container_state::running:
      return true;
    case docker::container_state::created:
    case docker::container_state::removing:
      return false;
    default:
      return owner.starts_with("site:");
  }
}

// Takes a parsed value; true where it is a refusal.
template <class type>
bool take(std::variant<type, site::refused_value> parsed, type& to, std::optional<site::refused_value>& refusal) {
  if (auto* value = std::get_if<site::refused_value>(&parsed)) {
    refusal = std::move(*value);
    return true;
  }
  to = std::get<type>(std::move(parsed));
  return false;
}

std::string twin_of(const std::string& name) {
  constexpr std::string_view www = "www.";
  return name.starts_with(www) ? name.substr(www.size()) : std::string(www) + name;
}

// Each plain name's twin with or without "www.", unless the container serves it itself; on the same ports.
void add_twins(std::vector<wish>& wishes) {
  std::vector<wish> twins;
  for (const auto& [host, route, port, external, redirect_to] : wishes) {
    if (host.kind != site::host_kind::name) continue;
    const auto twin = site::parse_host(twin_of(host.text));  // no name where it is too long
    const auto* name = std::get_if<site::host>(&twin);
    if (name == nullptr || name->kind != site::host_kind::name) continue;
    if (std::ranges::count(wishes, *name, &wish::host) > 0 || std::ranges::count(twins, *name, &wish::host) > 0)
      continue;
    twins.push_back({.host = *name, .route = {}, .port = 0, .external = external, .redirect_to = host.text});
  }
  wishes.insert(wishes.end(), twins.begin(), twins.end());
}

// On a port that few hosts have, a wildcard would answer for the names of others that are served elsewhere.
bool wants_too_much(const wish& wish) {
  return wish.external != site::external_ports{} && wish.host.kind != site::host_kind::name &&
         wish.host.kind != site::host_kind::ipv6;
}

// What VIRTUAL_HOST and its companions want.
std::optional<site::refused_value> read_one_port(candidate& found) {
  const auto& container = *found.container;
  std::optional<site::refused_value> refusal;
  std::vector<site::host> hosts;
  wish one;
  if (take(site::virtual_hosts(container), hosts, refusal) || hosts.empty()) return refusal;
  if (take(site::virtual_port(container), one.port, refusal)) return refusal;
  if (take(site::route_of(container), one.route, refusal)) return refusal;
  if (take(site::external_ports_of(container), one.external, refusal)) return refusal;
  for (const auto& host : hosts) {
    one.host = host;
    found.wishes.push_back(one);
  }
  return std::nullopt;
}

// All of the container's variables; a value that is refused.
std::optional<site::refused_value> read_variables(candidate& found, const judge_options& options) {
  const auto& container = *found.container;
  std::optional<site::refused_value> refusal;
  std::vector<site::multiport> several;
  if (take(site::multiports_of(container), several, refusal)) return refusal;
  for (auto& one : several) {
    found.wishes.push_back({.host = std::move(one.host),
                            .route = std::move(one.route),
                            .port = one.port,
                            .external = one.external,
                            .redirect_to = {}});
  }
  if (several.empty()) {
    if (auto refused = read_one_port(found)) return refused;
  }
  if (found.wishes.empty()) return std::nullopt;
  if (take(site::limits_of(container), found.limits, refusal)) return refusal;
  if (take(site::access_of(container), found.access, refusal)) return refusal;
  if (take(site::tls_of(container), found.tls, refusal)) return refusal;
  for (const auto& wish : found.wishes) {
    if (wants_too_much(wish)) {
      return site::refuse(several.empty() ? site::variable("VIRTUAL_HOST") : site::variable("VIRTUAL_HOST_MULTIPORTS"),
                          wish.host.text, "is not a plain name: only plain names can have external ports");
    }
    if (container.host_network && std::ranges::count(options.own_ports, wish.port) > 0) {
      return site::refused_value{"VIRTUAL_PORT", std::to_string(wish.port),
                                 "is the proxy's own port on the host's network"};
    }
  }
  if (found.access.redirect_www) add_twins(found.wishes);
  return std::nullopt;
}

}  // namespace

complaint complain(const docker::container& container, site::refused_value value) {
  return {site::printable(container.name), std::string(value.variable.name()), std::move(value.value),
          std::move(value.reason)};
}

std::optional<candidate> judge(const docker::container& container, const judge_options& options,
                               std::vector<complaint>& refused) {
  if (site::find_value(container, "VIRTUAL_HOST") == nullptr &&
      site::find_value(container, "VIRTUAL_HOST_MULTIPORTS") == nullptr) {
    return std::nullopt;
  }
  candidate found{.container = &container,
                  .owner = owner_of(container, options.sites),
                  .wishes = {},
                  .limits = {},
                  .access = {},
                  .tls = {}};
  if (!takes_part(container, found.owner)) return std::nullopt;
  if (found.owner.starts_with("site:")) {
    if (const auto forbidden = site::find_forbidden(container)) {
      refused.push_back({site::printable(container.name), std::string(*forbidden), "",
                         "can be set by the sysadmin only: remove it from the site's container"});
      return std::nullopt;
    }
  }
  if (auto value = read_variables(found, options)) {
    refused.push_back(complain(container, std::move(*value)));
    return std::nullopt;
  }
  if (found.wishes.empty()) return std::nullopt;
  return found;
}

}  // namespace heberg::proxy
