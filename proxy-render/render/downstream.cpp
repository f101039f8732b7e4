// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render/downstream.h"

#include <algorithm>
#include <array>
#include <utility>

namespace heberg::proxy {
namespace {

// Each value from its header, where that is valid; else as nginx sees it. The client's own X-Forwarded-For is not passed
// on: the first address that a trusted one has added, and the trusted one that connected.
constexpr std::string_view k_maps = R"(map "$heberg_trusts:$http_x_forwarded_proto" $heberg_scheme {
    default $scheme;
    "1:http" http;
    "1:https" https;
}
map "$heberg_trusts:$http_x_forwarded_port:$http_x_forwarded_proto" $heberg_port {
    default $server_port;
    "1::http" 80;
    "1::https" 443;
    "~^1:([0-9]{1,5}):" $1;
}
map "$heberg_trusts:$http_x_forwarded_host" $heberg_forwarded_host {
    default $host;
    "~^1:([][A-Za-z0-9._:-]{1,255})$" $1;
}
map "$remote_addr $realip_remote_addr" $heberg_forwarded_for {
    default "$remote_addr, $realip_remote_addr";
    "~^([^ ]+) \\1$" $remote_addr;
}
map $heberg_scheme $heberg_forwarded_ssl {
    default off;
    https on;
}
map $heberg_scheme $heberg_https {
    default "";
    https on;
}
)";

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> k_told = {{
    {"X-Forwarded-For", "$heberg_forwarded_for"},
    {"X-Forwarded-Host", "$heberg_forwarded_host"},
    {"X-Forwarded-Proto", "$heberg_scheme"},
    {"X-Forwarded-Port", "$heberg_port"},
    {"X-Forwarded-Ssl", "$heberg_forwarded_ssl"},
    {"REQUEST_SCHEME", "$heberg_scheme"},
    {"HTTPS", "$heberg_https if_not_empty"},
    {"SERVER_PORT", "$heberg_port"},
}};

}  // namespace

std::string render_downstream_maps(const downstream& from) {
  if (!believes_headers(from)) return {};
  std::string text = "geo $realip_remote_addr $heberg_trusts {\n    default 0;\n";
  for (const auto& network : from.trusted) text.append("    ").append(network).append(" 1;\n");
  return text.append("}\n").append(k_maps);
}

std::string render_real_ip(const downstream& from) {
  std::string text;
  for (const auto& network : from.trusted) text.append("    set_real_ip_from ").append(network).append(";\n");
  if (text.empty()) return text;
  text.append("    real_ip_header ").append(from.proxy_protocol ? "proxy_protocol" : "X-Forwarded-For").append(";\n");
  return text += "    real_ip_recursive on;\n";
}

std::string_view as_told(std::string_view name, std::string_view own) {
  const auto* found = std::ranges::find(k_told, name, &decltype(k_told)::value_type::first);
  return found == k_told.end() ? own : found->second;
}

}  // namespace heberg::proxy
