// SPDX-License-Identifier: LGPL-2.1-or-later
// The ports that hosts want beside the proxy's own. A port speaks http or TLS, not both: the first host that has it
// says which, so the oldest claims are to be asked about first. The others are closed: on another port than was said
// they would be where nobody looks for them. Pure.
#pragma once

#include "proxy-render/plan/vhosts.h"

#include <cstdint>
#include <map>
#include <vector>

namespace heberg::proxy {

class external_ports {
 public:
  explicit external_ports(const std::vector<std::uint16_t>& own);  // the proxy's, http's first

  // False: the host cannot have what it wants; why goes to `refused`.
  [[nodiscard]] bool take(const vhost& vhost, std::vector<complaint>& refused);

 private:
  [[nodiscard]] bool fits(std::uint16_t port, bool tls) const;

  std::map<std::uint16_t, bool> is_tls_;
};

}  // namespace heberg::proxy
