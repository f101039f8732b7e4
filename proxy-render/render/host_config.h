// SPDX-License-Identifier: LGPL-2.1-or-later
// What is rendered of one host.
#pragma once

#include "site/external_ports.h"

#include <compare>
#include <memory>
#include <string>

namespace heberg::proxy {

// One host's part of the text: a line or blocks. Texts share it with those that were composed before.
struct host_config {
  std::string name;     // quoted; empty: it has blocks
  std::string address;  // quoted, with the port
  std::string blocks;
  bool over_tls = false;
  bool is_default = false;             // it answers unknown host names
  site::external_ports external = {};  // ports beside the proxy's own
  std::string fault = {};              // why it cannot be rendered; printable, names the host
  auto operator<=>(const host_config&) const = default;
};

using shared_config = std::shared_ptr<const host_config>;

}  // namespace heberg::proxy
