// SPDX-License-Identifier: LGPL-2.1-or-later
// What nginx is told where somebody trusted is in front of it. Pure. Sources: ngx_http_realip_module and
// ngx_http_geo_module of nginx's documentation, and the PROXY protocol's text (haproxy, proxy-protocol.txt). Over the
// PROXY protocol the headers are still the client's own, and are not believed.
#pragma once

#include "proxy-render/render/render_options.h"

#include <string>
#include <string_view>

namespace heberg::proxy {

// Whether X-Forwarded-* of whoever is trusted are believed.
[[nodiscard]] inline bool believes_headers(const downstream& from) {
  return !from.trusted.empty() && !from.proxy_protocol;
}

// What the headers need at the http level; empty where none is believed.
[[nodiscard]] std::string render_downstream_maps(const downstream& from);

// A server's lines: whose address is the client's.
[[nodiscard]] std::string render_real_ip(const downstream& from);

// What a site is told in a header or a parameter of this name where headers are believed; own: what nginx itself sees.
[[nodiscard]] std::string_view as_told(std::string_view name, std::string_view own);

}  // namespace heberg::proxy
