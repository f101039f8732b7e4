// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/vhosts.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

namespace heberg::proxy {
namespace {

constexpr std::string_view k_compose_project = "com.docker.compose.project";

// A container whose words are sound.
struct candidate {
  const docker::container* container = nullptr;
  std::string owner;
  std::vector<site::host> hosts;
  std::uint16_t port = 0;
};

struct entry {
  vhost host;
  std::size_t claim = 0;  // the how-manieth name to be claimed
};

std::string canonical_address(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return {};
  if (inet_ntop(family, bytes.data(), canonical.data(), canonical.size()) == nullptr) return {};
  return family == AF_INET6 ? "[" + std::string(canonical.data()) + "]" : canonical.data();
}

// The proxy is on the host, which reaches every bridge network: the first by name that gave the container an address.
// Empty for none.
std::string address_of(const docker::container& container) {
  if (container.host_network) return "127.0.0.1";
  for (const auto& network : container.networks) {
    if (network.name == "ingress") continue;  // swarm's own
    if (auto address = canonical_address(AF_INET, network.ipv4); !address.empty()) return address;
    if (auto address = canonical_address(AF_INET6, network.ipv6); !address.empty()) return address;
  }
  return {};
}

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

complaint complain(const docker::container& container, site::refused_value value) {
  return {site::printable(container.name), std::move(value.variable), std::move(value.value), std::move(value.reason)};
}

// Nothing for a container that takes no part or is refused.
std::optional<candidate> judge(const docker::container& container, const plan_options& options,
                               std::vector<complaint>& refused) {
  if (docker::find_environment(container, "VIRTUAL_HOST") == nullptr) return std::nullopt;
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

void add_container(vhost& to, const candidate& from, const std::string& address) {
  to.containers.push_back(site::printable(from.container->name));
  if (from.container->state != docker::container_state::running) return;
  if (!address.empty()) {
    to.service = service::up;
    to.backends.push_back({address, from.port, site::printable(from.container->name)});
  } else if (to.service == service::stopped) {
    to.service = service::unreachable;
  }
}

std::vector<vhost> in_order(std::map<site::host, entry>& entries) {
  std::vector<entry*> order;
  order.reserve(entries.size());
  for (auto& [host, found] : entries) {
    std::ranges::sort(found.host.backends);
    order.push_back(&found);
  }
  const auto regexes =
      std::ranges::find_if(order, [](const entry* e) { return e->host.host.kind == site::host_kind::regex; });
  std::sort(regexes, order.end(), [](const entry* a, const entry* b) { return a->claim < b->claim; });

  std::vector<vhost> vhosts;
  vhosts.reserve(order.size());
  for (auto* found : order) vhosts.push_back(std::move(found->host));
  return vhosts;
}

}  // namespace

plan make_plan(const docker::containers& containers, const plan_options& options) {
  plan made;
  std::vector<candidate> candidates;
  for (const auto& [id, container] : containers) {
    if (auto found = judge(container, options, made.refused)) candidates.push_back(std::move(*found));
  }
  std::ranges::sort(candidates, [](const candidate& a, const candidate& b) {
    return std::tie(a.container->created, a.container->id) < std::tie(b.container->created, b.container->id);
  });

  std::map<site::host, entry> entries;
  for (const auto& from : candidates) {
    const auto address = address_of(*from.container);
    if (address.empty() && from.container->state == docker::container_state::running) {
      made.unreachable.push_back({site::printable(from.container->name), "", "",
                                  "has no address that the proxy can reach: connect it to a bridge network "
                                  "(docker network connect bridge NAME)"});
    }
    for (const auto& host : from.hosts) {
      const auto [at, is_new] = entries.try_emplace(host);
      auto& found = at->second;
      if (is_new) {
        found.claim = entries.size();
        found.host.host = host;
        found.host.owner = from.owner;
      } else if (found.host.owner != from.owner) {
        made.refused.push_back(
            complain(*from.container, {"VIRTUAL_HOST", site::printable(host.text),
                                       "is claimed by " + site::printable(found.host.owner) + " already"}));
        continue;
      }
      add_container(found.host, from, address);
    }
  }
  made.vhosts = in_order(entries);
  std::ranges::sort(made.refused);
  std::ranges::sort(made.unreachable);
  return made;
}

}  // namespace heberg::proxy
