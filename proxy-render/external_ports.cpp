// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/external_ports.h"

#include <string>
#include <tuple>

namespace heberg::proxy {

external_ports::external_ports(const std::vector<std::uint16_t>& own) {
  for (std::size_t i = 0; i < own.size(); ++i) is_tls_[own[i]] = i > 0;
}

bool external_ports::fits(std::uint16_t port, bool tls) {
  return port == 0 || is_tls_.try_emplace(port, tls).first->second == tls;
}

bool external_ports::take(const vhost& vhost, std::vector<complaint>& refused) {
  for (const auto& [name, port, tls] : {std::tuple("EXTERNAL_HTTP_PORT", vhost.external.http, false),
                                        std::tuple("EXTERNAL_HTTPS_PORT", vhost.external.https, true)}) {
    if (fits(port, tls)) continue;
    refused.push_back({vhost.containers.empty() ? "" : vhost.containers.front(), name, std::to_string(port),
                       std::string("speaks ") + (tls ? "http" : "TLS") +
                           " already: " + site::printable(vhost.host.text) + " is left out"});
    return false;
  }
  return true;
}

}  // namespace heberg::proxy
