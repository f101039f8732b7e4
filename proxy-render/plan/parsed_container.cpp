// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/parsed_container.h"

#include "site/host_gift.h"
#include "site/multiports.h"
#include "site/values.h"
#include "site/variables/variables.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace heberg::proxy {
namespace {

constexpr std::size_t k_reason_max = 400;  // bytes

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

// Takes a parsed value; true where it is refused.
template <class type>
bool take(std::variant<type, site::refused_value> parsed, type& to, std::optional<site::refused_value>& refusal) {
  if (auto* value = std::get_if<site::refused_value>(&parsed)) {
    refusal = std::move(*value);
    return true;
  }
  to = std::get<type>(std::move(parsed));
  return false;
}

std::string www_counterpart_of(const std::string& name) {
  constexpr std::string_view www = "www.";
  return name.starts_with(www) ? name.substr(www.size()) : std::string(www) + name;
}

// The www counterpart of each plain name redirects to it, on the same ports, unless the container serves it itself.
void add_www_counterparts(std::vector<requested_host>& requested_hosts) {
  std::vector<requested_host> counterparts;
  for (const auto& [host, route, port, external, redirect_to] : requested_hosts) {
    if (host.kind != site::host_kind::name) continue;
    const auto counterpart = site::parse_host(www_counterpart_of(host.text));  // not a host where it is too long
    const auto* name = std::get_if<site::host>(&counterpart);
    if (name == nullptr || name->kind != site::host_kind::name) continue;
    if (std::ranges::count(requested_hosts, *name, &requested_host::host) > 0 ||
        std::ranges::count(counterparts, *name, &requested_host::host) > 0)
      continue;
    counterparts.push_back({.host = *name, .route = {}, .port = 0, .external = external, .redirect_to = host.text});
  }
  requested_hosts.insert(requested_hosts.end(), counterparts.begin(), counterparts.end());
}

// On external ports a wildcard would answer for names of other owners, which are served on other ports.
bool has_ports_for_a_pattern(const requested_host& requested) {
  return requested.external != site::external_ports{} && requested.host.kind != site::host_kind::name &&
         requested.host.kind != site::host_kind::ipv6;
}

// VIRTUAL_HOST, VIRTUAL_PORT, VIRTUAL_PATH and the like.
std::optional<site::refused_value> read_one_port(parsed_container& found) {
  const auto& container = *found.container;
  std::optional<site::refused_value> refusal;
  std::vector<site::host> hosts;
  requested_host one;
  if (take(site::virtual_hosts(container), hosts, refusal) || hosts.empty()) return refusal;
  if (take(site::virtual_port(container), one.port, refusal)) return refusal;
  if (take(site::route_of(container), one.route, refusal)) return refusal;
  if (take(site::external_ports_of(container), one.external, refusal)) return refusal;
  for (const auto& host : hosts) {
    one.host = host;
    found.requested_hosts.push_back(one);
  }
  return std::nullopt;
}

// Reads all variables; returns the first value that is refused.
std::optional<site::refused_value> read_variables(parsed_container& found, const parse_options& options) {
  const auto& container = *found.container;
  std::optional<site::refused_value> refusal;
  std::vector<site::multiport> several;
  if (take(site::multiports_of(container), several, refusal)) return refusal;
  for (auto& one : several) {
    found.requested_hosts.push_back({.host = std::move(one.host),
                                     .route = std::move(one.route),
                                     .port = one.port,
                                     .external = one.external,
                                     .redirect_to = {}});
  }
  if (several.empty()) {
    if (auto refused = read_one_port(found)) return refused;
  }
  if (found.requested_hosts.empty()) return std::nullopt;
  if (take(site::limits_of(container), found.limits, refusal)) return refusal;
  if (take(site::access_of(container), found.access, refusal)) return refusal;
  if (take(site::tls_of(container), found.tls, refusal)) return refusal;
  for (const auto& requested : found.requested_hosts) {
    if (has_ports_for_a_pattern(requested)) {
      return site::refuse(several.empty() ? site::variable("VIRTUAL_HOST") : site::variable("VIRTUAL_HOST_MULTIPORTS"),
                          requested.host.text, "is not a plain name: only plain names can have external ports");
    }
    if (container.host_network && std::ranges::count(options.own_ports, requested.port) > 0) {
      return site::refused_value{"VIRTUAL_PORT", std::to_string(requested.port),
                                 "is the proxy's own port on the host's network"};
    }
  }
  if (found.access.redirect_www) add_www_counterparts(found.requested_hosts);
  return std::nullopt;
}

}  // namespace

std::string owner_of(const parsed_container& container, const site::host& host, const std::set<site::host>& shared) {
  return !container.owner.starts_with("site:") && shared.contains(host) ? k_shared_owner : container.owner;
}

complaint complain(const docker::container& container, site::refused_value value) {
  return {site::printable(container.name), std::string(value.variable.name()), std::move(value.value),
          std::move(value.reason)};
}

std::optional<parsed_container> parse_container(const docker::container& container, const parse_options& options,
                                                std::vector<complaint>& refused) {
  const auto* hosts = site::find_value(container, "VIRTUAL_HOST");
  if (const auto own = site::find_images_own(container); own && takes_part(container, "")) {
    refused.push_back({site::printable(container.name), std::string(*own), "",
                       "is set by its image, and ignored: set it where the container is started"});
  }
  if (hosts == nullptr && site::find_value(container, "VIRTUAL_HOST_MULTIPORTS") == nullptr) return std::nullopt;
  const auto place = options.sites.classify(container);
  if (const auto* rejected = std::get_if<site::rejected_container>(&place)) {
    if (takes_part(container, "")) {
      refused.push_back({site::printable(container.name), "VIRTUAL_HOST",
                         hosts == nullptr ? "" : site::printable(*hosts),
                         "is not served: " + site::printable(rejected->reason, k_reason_max)});
    }
    return std::nullopt;
  }
  const auto* one = std::get_if<site::site_container>(&place);
  parsed_container found{.container = &container,
                         .owner = one != nullptr ? "site:" + one->site : "container:" + site::printable(container.name),
                         .requested_hosts = {},
                         .given = {},
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
  if (found.requested_hosts.empty()) return std::nullopt;
  if (one != nullptr) found.given = site::given_hosts(options.gift_key, one->site, container);
  return found;
}

}  // namespace heberg::proxy
