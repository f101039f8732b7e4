// SPDX-License-Identifier: LGPL-2.1-or-later
// What is rendered of one host.
#pragma once

#include "site/external_ports.h"

#include <compare>
#include <memory>
#include <string>

namespace heberg::proxy {

// One host's share of the text: a line or blocks. What is composed shares it with what was composed before.
struct host_text {
  std::string name;     // quoted; empty: it has blocks
  std::string address;  // quoted, with the port
  std::string blocks;
  bool over_tls = false;
  bool is_default = false;             // it answers names that nobody serves
  site::external_ports external = {};  // ports beside the proxy's own
  std::string fault = {};              // why there is nothing to be said of it; printable, names the host
  auto operator<=>(const host_text&) const = default;
};

using shared_text = std::shared_ptr<const host_text>;

}  // namespace heberg::proxy
