// SPDX-License-Identifier: LGPL-2.1-or-later
// nginx's configuration where a trusted load balancer is in front of it. Pure. Sources: ngx_http_realip_module and
// ngx_http_geo_module of nginx's documentation, and the PROXY protocol's text (haproxy, proxy-protocol.txt). Over the
// PROXY protocol the headers are still the client's own, and do not count.
#pragma once

#include "proxy-render/render/render_options.h"

#include <string>
#include <string_view>

namespace heberg::proxy {

// Whether the X-Forwarded-* headers of trusted addresses count.
[[nodiscard]] inline bool believes_headers(const downstream& from) {
  return !from.trusted.empty() && !from.proxy_protocol;
}

// What the headers need at the http level; empty where none counts.
[[nodiscard]] std::string render_downstream_maps(const downstream& from);

// A server's lines: which address is the client's.
[[nodiscard]] std::string render_real_ip(const downstream& from);

// The value of a header or a parameter of this name for a site, where headers count; own: what nginx itself sees.
[[nodiscard]] std::string_view as_told(std::string_view name, std::string_view own);

}  // namespace heberg::proxy
