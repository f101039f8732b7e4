// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render/render_preamble.h"

#include "proxy-render/files/preamble_template.h"
#include "proxy-render/nginx/directives.h"
#include "proxy-render/render/client_limits.h"
#include "proxy-render/render/downstream.h"
#include "proxy-render/render/generation.h"
#include "proxy-render/render/render_location.h"
#include "proxy-render/render/server_lines.h"

#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

namespace heberg::proxy {
namespace {

constexpr std::string_view k_notice =
    "# Written by heberg-proxy-render from the running containers. Changes made here by hand are lost.\n";

// The site sees the name that nginx chose it by, and the port that the client named.
// WebSocket is the one upgrade that is passed on: through an upgrade to "h2c" a client would reach the site past
// this proxy, with X-Forwarded-* headers of its own. Only constants and nginx's own variables, so that nothing here needs a quote. Names
// begin with heberg_, to differ from the sysadmin's.
// A site's answer does not choose what nginx sends in its place: "X-Accel-Redirect" would lead to every location of the
// host, those that are `internal` in a file of the sysadmin's, too. A file of a host or of its location that has a line
// proxy_ignore_headers of its own allows it there. Said twice on one level it is no fault (a bit mask, nginx 1.22).
constexpr std::string_view k_maps = R"(
map $http_upgrade $heberg_upgrade {
    default "";
    "~*^websocket$" websocket;
}
map $http_upgrade $heberg_connection {
    default "";
    "~*^websocket$" upgrade;
}
map $http_upgrade $heberg_connection_close {
    default close;
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
proxy_ignore_headers X-Accel-Redirect;
fastcgi_ignore_headers X-Accel-Redirect;
uwsgi_ignore_headers X-Accel-Redirect;
grpc_ignore_headers X-Accel-Redirect;
)";

// The longest legal name takes 253 bytes and a few; nginx's default of 64 stops at 45.
constexpr std::string_view k_hash_sizes = R"(
server_names_hash_bucket_size 512;
server_names_hash_max_size 65536;
)";

// Not `server_name _`: a container may request any name, and nothing else here is a name.
void append_unknown_name(std::string& text, const render_options& options) {
  text += "\nserver {\n";
  append_listen(text, options, options.has_default_host ? "" : default_flag(options));
  append_server_lines(text, options, false);
  text.append(render_acme(options.acme)).append("    location / {\n        return 503;\n    }\n}\n");
}

surrounding_text render_surrounding_text(const render_options& options) {
  preamble_parts parts{
      .notice = std::string(k_notice),
      .includes = {},
      .maps = std::string(k_maps) + render_downstream_maps(options.downstream) + render_client_zone(options),
      .hash_sizes =
          std::string(options.preamble.hash_sizes ? k_hash_sizes : "") + render_client_limits(options.preamble),
      .unknown_names = {},
      .http_port = options.http_port,
      .https_port = options.https_port,
      .ipv6 = options.ipv6};
  for (const auto& file : options.defaults.http) parts.includes += render_include(file, "");
  append_unknown_name(parts.unknown_names, options);
  return options.defaults.preamble.path.empty() ? default_surrounding_text(parts)
                                                : fill_template(options.defaults.preamble_text, parts);
}

}  // namespace

void append_unknown_names(std::string& text, std::span<const shared_config> hosts, const render_options& options) {
  if (options.has_tls) append_tls_refusal(text, options);
  std::set<std::uint16_t> http, https;
  for (const auto& host : hosts) {
    if (host->external.http != 0) http.insert(host->external.http);
    if (host->external.https != 0 && host->over_tls) https.insert(host->external.https);
  }
  http.erase(options.http_port);
  https.erase(options.https_port);
  auto elsewhere = options;
  elsewhere.has_default_host = false;
  for (const auto port : http) append_unknown_name(text, with_ports(elsewhere, {.http = port, .https = 0}));
  for (const auto port : https) append_tls_refusal(text, with_ports(options, {.http = 0, .https = port}));
}

std::string render_around(const render_options& options, std::string_view hosts) {
  auto around = render_surrounding_text(options);
  std::string text = std::move(around.before);
  text.reserve(text.size() + around.between.size() + hosts.size() + around.after.size() + 1024);
  const auto begin = text.size();
  text.append(around.between).append(hosts).append(around.after);
  // Before the hosts: of two servers of one name nginx takes the first.
  if (options.has_generation && around.has_generation) text.insert(begin, render_generation(text, options));
  return text;
}

std::string render_preamble(const render_options& options) {
  return render_surrounding_text(options).before;
}

}  // namespace heberg::proxy
