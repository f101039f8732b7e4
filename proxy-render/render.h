// SPDX-License-Identifier: LGPL-2.1-or-later
// From virtual hosts to nginx's text. Pure, and stable: equal input gives equal bytes, and one host's block does not
// depend on another's. The text is a file of the http level, for nginx 1.22 and newer.
#pragma once

#include "proxy-render/vhosts.h"

#include <cstdint>
#include <span>
#include <string>

namespace heberg::proxy {

// What the sysadmin's own configuration may have set already, and nginx takes once only. Given up where nginx says so
// (publish.h).
struct frame {
  bool default_server = true;  // ours answers the names that nobody serves
  bool hash_sizes = true;      // room for the longest legal host name, 253 bytes
  auto operator<=>(const frame&) const = default;
};

struct render_options {
  std::uint16_t http_port = 80;
  bool ipv6 = true;
  std::uint64_t max_body = 64U << 20U;  // bytes
  std::string access_log = "/var/log/nginx/access.log";
  struct frame frame;
};

// What comes before the first host's block: a notice, maps, the server for names that nobody serves.
[[nodiscard]] std::string render_frame(const render_options& options);

// One host's upstream and server.
[[nodiscard]] std::string render_vhost(const vhost& vhost, const render_options& options);

[[nodiscard]] std::string render(std::span<const vhost> vhosts, const render_options& options);

}  // namespace heberg::proxy
