// SPDX-License-Identifier: LGPL-2.1-or-later
// The ports that hosts request beside the proxy's own. A port is for http or for TLS, not both: the first host that gets it
// decides, so hosts come in the order of their ownership, the oldest first. A host that does not get its port is closed:
// clients would not look for it on another one. Pure.
#pragma once

#include "proxy-render/plan/vhosts.h"

#include <cstdint>
#include <map>
#include <vector>

namespace heberg::proxy {

class external_ports {
 public:
  // own: the proxy's, http's first. allowed: those that the sysadmin lets containers request.
  external_ports(const std::vector<std::uint16_t>& own, const std::vector<port_range>& allowed);

  // False: the host cannot have its ports; the reason goes to `refused`.
  [[nodiscard]] bool take(const vhost& vhost, std::vector<complaint>& refused);

 private:
  [[nodiscard]] bool is_allowed(std::uint16_t port) const;
  [[nodiscard]] bool fits(std::uint16_t port, bool tls) const;

  std::vector<port_range> allowed_;
  std::map<std::uint16_t, bool> is_tls_;
};

}  // namespace heberg::proxy
