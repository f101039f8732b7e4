// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/port_trial.h"

#include "proxy-render/nginx/listened_ports.h"

#include <utility>

namespace heberg::proxy {

port_trial::port_trial(std::uint16_t http_port, std::uint16_t https_port) : own_{http_port, https_port} {}

void port_trial::note_served(std::string_view text) {
  served_ = list_listened_ports(text);
}

std::uint16_t port_trial::find_new_port(const host_config& config) const {
  if (config.external == site::external_ports{}) return 0;
  for (const auto port : list_listened_ports(config.blocks)) {
    if (!own_.contains(port) && !served_.contains(port)) return port;
  }
  return 0;
}

std::vector<port_trial::refusal> port_trial::refuse_new_ports(const std::vector<tried_host>& hosts) {
  std::vector<refusal> refused;
  std::map<std::string, std::set<host_config>> by_owner;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto port = find_new_port(*hosts[i].config);
    if (port == 0) continue;
    refused.push_back({i, port});
    by_owner[hosts[i].owner].insert(*hosts[i].config);
  }
  if (by_owner.size() < 2) return refused;
  for (auto& [owner, configs] : by_owner) retrials_[owner].merge(configs);
  return refused;
}

std::optional<port_trial::retrial> port_trial::take_retrial() {
  if (retrials_.empty()) return std::nullopt;
  auto first = retrials_.extract(retrials_.begin());
  return retrial{std::move(first.key()), std::move(first.mapped())};
}

}  // namespace heberg::proxy
