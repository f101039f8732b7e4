// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/external_ports.h"

#include <algorithm>
#include <string>
#include <tuple>

namespace heberg::proxy {

external_ports::external_ports(const std::vector<std::uint16_t>& own, const std::vector<port_range>& allowed)
    : allowed_(allowed) {
  for (std::size_t i = 0; i < own.size(); ++i) {
    is_tls_[own[i]] = i > 0;
    allowed_.push_back({own[i], own[i]});
  }
}

bool external_ports::is_allowed(std::uint16_t port) const {
  return port == 0 ||
         std::ranges::any_of(allowed_, [port](const port_range& one) { return one.first <= port && port <= one.last; });
}

bool external_ports::fits(std::uint16_t port, bool tls) const {
  const auto known = is_tls_.find(port);
  return port == 0 || known == is_tls_.end() || known->second == tls;
}

bool external_ports::take(const vhost& vhost, std::vector<complaint>& refused) {
  for (const auto& [name, port, tls] : {std::tuple("EXTERNAL_HTTP_PORT", vhost.external.http, false),
                                        std::tuple("EXTERNAL_HTTPS_PORT", vhost.external.https, true)}) {
    if (is_allowed(port) && fits(port, tls)) continue;
    const auto reason = is_allowed(port) ? std::string("is in use for ") + (tls ? "http" : "TLS") + " already: "
                                         : std::string("is not one of proxy.external_ports: ");
    refused.push_back({vhost.containers.empty() ? "" : vhost.containers.front(), name, std::to_string(port),
                       reason + site::printable(vhost.host.text) + " answers 503"});
    return false;
  }
  is_tls_.try_emplace(vhost.external.http, false);
  is_tls_.try_emplace(vhost.external.https, true);
  return true;
}

}  // namespace heberg::proxy
