// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/candidate.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace heberg::proxy {
namespace {

constexpr std::string_view k_compose_project = "com.docker.compose.project";

std::string owner_of(const docker::container& container, const site::site_settings& sites) {
  const auto verdict = site::classify(container, sites);
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

}  // namespace

complaint complain(const docker::container& container, site::refused_value value) {
  return {site::printable(container.name), std::move(value.variable), std::move(value.value), std::move(value.reason)};
}

std::optional<candidate> judge(const docker::container& container, const plan_options& options,
                               std::vector<complaint>& refused) {
  if (site::find_word(container, "VIRTUAL_HOST") == nullptr) return std::nullopt;
  candidate found{.container = &container, .owner = owner_of(container, options.sites), .hosts = {}, .port = 0};
  if (!takes_part(container, found.owner)) return std::nullopt;

  auto hosts = site::virtual_hosts(container);
  if (auto* value = std::get_if<site::refused_value>(&hosts)) {
    refused.push_back(complain(container, std::move(*value)));
    return std::nullopt;
  }
  found.hosts = std::get<std::vector<site::host>>(std::move(hosts));
  if (found.hosts.empty()) return std::nullopt;

  auto port = site::virtual_port(container);
  if (auto* value = std::get_if<site::refused_value>(&port)) {
    refused.push_back(complain(container, std::move(*value)));
    return std::nullopt;
  }
  found.port = std::get<std::uint16_t>(port);
  if (container.host_network && std::ranges::count(options.own_ports, found.port) > 0) {
    refused.push_back(complain(
        container, {"VIRTUAL_PORT", std::to_string(found.port), "is the proxy's own port on the host's network"}));
    return std::nullopt;
  }
  return found;
}

}  // namespace heberg::proxy
