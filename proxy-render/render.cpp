// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render.h"

#include "proxy-render/quote.h"

#include <string_view>

namespace heberg::proxy {
namespace {

// A regular expression that backtracks without end would hold the worker, and so every site, for a tenth of a second a
// request (nginx's default limit is PCRE2's, ten million steps); ten thousand steps are a quarter of a millisecond.
constexpr std::string_view k_match_limit = "(*LIMIT_MATCH=10000)";

constexpr std::string_view k_notice =
    "# Written by heberg-proxy-render from the running containers. Changes made here by hand are lost.\n";

// The site sees the name that nginx chose it by, and the port that the client named.
// WebSocket is the one upgrade that is passed on: through an upgrade to "h2c" a client would speak to the site past
// this proxy, with X-Forwarded-* headers of its own. nginx's own words alone, so that nothing here needs a quote. Names
// begin with heberg_, to meet none of the sysadmin's.
constexpr std::string_view k_maps = R"(
map $http_upgrade $heberg_upgrade {
    default "";
    "~*^websocket$" websocket;
}
map $http_upgrade $heberg_connection {
    default "";
    "~*^websocket$" upgrade;
}
map $scheme $heberg_ssl {
    default off;
    https on;
}
map $http_host $heberg_host_port {
    default "";
    "~(:[0-9]+)$" $1;
}
log_format heberg '$host $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                  '"$http_referer" "$http_user_agent" "$upstream_addr"';
)";

// The longest legal name takes 253 bytes and a few; nginx's default of 64 stops at 45.
constexpr std::string_view k_hash_sizes = R"(
server_names_hash_bucket_size 512;
server_names_hash_max_size 8192;
)";

// What a client says of itself in these headers is overwritten, not passed on: the proxy knows better. "Forwarded" says
// the same as X-Forwarded-* (RFC 7239); "Proxy" becomes HTTP_PROXY in CGI programs (httpoxy.org). An idle WebSocket
// lives ten minutes.
constexpr std::string_view k_proxy_lines = R"(        proxy_http_version 1.1;
        proxy_connect_timeout 10s;
        proxy_read_timeout 600s;
        proxy_send_timeout 600s;
        proxy_set_header Host $host$heberg_host_port;
        proxy_set_header Upgrade $heberg_upgrade;
        proxy_set_header Connection $heberg_connection;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Host $host;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Port $server_port;
        proxy_set_header X-Forwarded-Ssl $heberg_ssl;
        proxy_set_header X-Original-URI $request_uri;
        proxy_set_header Forwarded "";
        proxy_set_header Proxy "";
)";

void append_listen(std::string& text, const render_options& options, std::string_view flag) {
  const auto port = std::to_string(options.http_port);
  text.append("    listen ").append(port).append(flag).append(";\n");
  if (options.ipv6) text.append("    listen [::]:").append(port).append(flag).append(";\n");
}

void append_server_lines(std::string& text, const render_options& options) {
  text += "    server_tokens off;\n";
  if (!options.access_log.empty())
    text.append("    access_log ").append(quote(options.access_log)).append(" heberg;\n");
}

std::string body_size(std::uint64_t bytes) {
  constexpr std::uint64_t mega = 1U << 20U;
  return bytes > 0 && bytes % mega == 0 ? std::to_string(bytes / mega) + "m" : std::to_string(bytes);
}

std::string server_name(const site::host& host) {
  if (host.kind != site::host_kind::regex) return quote(host.text);
  return quote("~" + std::string(k_match_limit) + host.text.substr(1));
}

void append_upstream(std::string& text, const vhost& vhost, std::string_view name) {
  text.append("\nupstream ").append(name).append(" {\n");
  for (const auto& backend : vhost.backends) {
    text.append("    server ").append(quote(backend.address + ":" + std::to_string(backend.port))).append(";\n");
  }
  // nginx wants one server at least; with none alive it answers 502, as nginx-proxy's users know it.
  if (vhost.backends.empty()) text += "    server 127.0.0.1 down;\n";
  if (!vhost.backends.empty())
    text.append("    keepalive ").append(std::to_string(2 * vhost.backends.size())).append(";\n");
  text += "}\n";
}

}  // namespace

std::string render_frame(const render_options& options) {
  std::string text(k_notice);
  text += k_maps;
  if (options.frame.hash_sizes) text += k_hash_sizes;
  // Not `server_name _`: a container may claim any name, and nothing else here is a name.
  text += "\nserver {\n";
  append_listen(text, options, options.frame.default_server ? " default_server" : "");
  append_server_lines(text, options);
  text += "    return 503;\n}\n";
  return text;
}

std::string render_vhost(const vhost& vhost, const render_options& options) {
  std::string text;
  const auto upstream = quote(upstream_name(vhost.host.text));
  if (vhost.service != service::stopped) append_upstream(text, vhost, upstream);
  text += vhost.service == service::stopped ? "\nserver {\n" : "server {\n";
  append_listen(text, options, "");
  text.append("    server_name ").append(server_name(vhost.host)).append(";\n");
  append_server_lines(text, options);
  if (vhost.service == service::stopped) return text += "    return 503;\n}\n";

  text.append("    client_max_body_size ").append(body_size(options.max_body)).append(";\n");
  // upstream_name() is letters, digits and "+-._": no "$" that nginx would expand here.
  text.append("    location / {\n        proxy_pass ")
      .append(quote("http://" + upstream_name(vhost.host.text)))
      .append(";\n");
  text.append(k_proxy_lines).append("    }\n}\n");
  return text;
}

std::string render(std::span<const vhost> vhosts, const render_options& options) {
  std::string text = render_frame(options);
  for (const auto& vhost : vhosts) text += render_vhost(vhost, options);
  return text;
}

}  // namespace heberg::proxy
