// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render.h"

#include "proxy-render/confirm.h"
#include "proxy-render/directives.h"
#include "proxy-render/quote.h"
#include "proxy-render/render_location.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace heberg::proxy {
namespace {

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
)";

// The longest legal name takes 253 bytes and a few; nginx's default of 64 stops at 45.
constexpr std::string_view k_hash_sizes = R"(
server_names_hash_bucket_size 512;
server_names_hash_max_size 65536;
)";

constexpr std::string_view k_intermediate =
    "    ssl_protocols TLSv1.2 TLSv1.3;\n"
    "    ssl_ciphers "
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305;\n"
    "    ssl_prefer_server_ciphers off;\n";

// The version is agreed on before nginx knows the name: another host's policy on the same port may have let 1.2 in.
constexpr std::string_view k_modern =
    "    ssl_protocols TLSv1.3;\n"
    "    ssl_prefer_server_ciphers off;\n"
    "    if ($ssl_protocol = TLSv1.2) {\n"
    "        return 403;\n"
    "    }\n";

constexpr std::string_view k_tls_sessions =
    "    ssl_session_cache shared:heberg:10m;\n"
    "    ssl_session_timeout 1d;\n"
    "    ssl_session_tickets off;\n";

void append_listen(std::string& text, const render_options& options, std::string_view flag) {
  const auto port = std::to_string(options.http_port);
  text.append("    listen ").append(port).append(flag).append(";\n");
  if (options.ipv6) text.append("    listen [::]:").append(port).append(flag).append(";\n");
}

// "http2" is a parameter here up to nginx 1.25, and later still understood.
void append_tls_listen(std::string& text, const render_options& options, std::string_view flag) {
  const auto port = std::to_string(options.https_port);
  text.append("    listen ").append(port).append(" ssl http2").append(flag).append(";\n");
  if (options.ipv6) text.append("    listen [::]:").append(port).append(" ssl http2").append(flag).append(";\n");
}

// The comment makes a renewed certificate a new text, so that nginx is told.
void append_tls_lines(std::string& text, const vhost& vhost, const render_options& options) {
  const auto path = options.certs + "/" + vhost.certificate;
  text.append("    # certificate and key: ").append(vhost.certificate_stamp).append("\n");
  text.append("    ssl_certificate ").append(quote(path + ".crt")).append(";\n");
  text.append("    ssl_certificate_key ").append(quote(path + ".key")).append(";\n");
  text += vhost.tls.policy == site::tls_policy::modern ? k_modern : k_intermediate;
  text += k_tls_sessions;
}

void append_server_lines(std::string& text, const render_options& options, bool tokens) {
  text += tokens ? "    server_tokens on;\n" : "    server_tokens off;\n";
  if (!options.access_log.empty())
    text.append("    access_log ").append(quote(options.access_log)).append(" heberg;\n");
}

// Not `server_name _`: a container may claim any name, and nothing else here is a name.
void append_unknown_name(std::string& text, const render_options& options) {
  text += "\nserver {\n";
  append_listen(text, options, options.frame.default_server ? " default_server" : "");
  append_server_lines(text, options, false);
  text.append(render_acme(options.acme)).append("    location / {\n        return 503;\n    }\n}\n");
}

// Where no name that has a certificate is asked for, the handshake is refused: nobody sees another site's certificate.
void append_tls_refusal(std::string& text, const render_options& options) {
  text += "\nserver {\n";
  append_tls_listen(text, options, options.frame.default_server ? " default_server" : "");
  text.append(k_intermediate).append(k_tls_sessions).append("    ssl_reject_handshake on;\n    return 503;\n}\n");
}

std::string body_size(std::uint64_t bytes) {
  constexpr std::uint64_t mega = 1U << 20U;
  return bytes > 0 && bytes % mega == 0 ? std::to_string(bytes / mega) + "m" : std::to_string(bytes);
}

std::string server_name(const site::host& host) {
  if (host.kind != site::host_kind::regex) return quote(host.text);
  return quote("~" + limit_matching(host.text.substr(1)));
}

// What nginx answers where no location is asked for: a prefix "/" is, in most hosts.
constexpr std::string_view k_no_location = "    location / {\n        return 404;\n    }\n";

bool serves_all(const vhost& vhost) {
  return std::ranges::any_of(vhost.locations, [](const location& l) {
    return l.route.path.text == "/" && l.route.path.kind <= site::path_kind::preferred;
  });
}

// Does one of the host's own locations stand where ACME's would?
bool has_acme_of_its_own(const vhost& vhost) {
  return std::ranges::any_of(
      vhost.locations, [](const location& l) { return l.route.path.text.starts_with("/.well-known/acme-challenge"); });
}

constexpr std::string_view k_server_indent = "    ";

void append_files(std::string& text, const vhost& vhost, const host_file& server) {
  text += render_include(server, k_server_indent);
  text += render_passwords(vhost.files.passwords, "    ");
}

// What a server answers.
void append_content(std::string& text, const vhost& vhost, const render_options& options) {
  if (vhost.closed) {
    text += render_closed();
    return;
  }
  if (!vhost.redirect_to.empty()) {
    // A host name has no "$" that nginx would expand here.
    text.append("    location / {\n        return 301 ")
        .append(quote("$scheme://" + vhost.redirect_to + "$heberg_host_port$request_uri"))
        .append(";\n    }\n");
    return;
  }
  if (vhost.maintenance) {
    text += render_maintenance();
    return;
  }
  text.append("    client_max_body_size ")
      .append(body_size(vhost.limits.max_body.value_or(options.max_body)))
      .append(";\n");
  for (const auto& location : vhost.locations) text += render_location(vhost, location, options.defaults.location);
  if (!serves_all(vhost)) text += k_no_location;
}

void append_redirect_to_tls(std::string& text, const vhost& vhost, const render_options& options) {
  const auto port = options.https_port == 443 ? "" : ":" + std::to_string(options.https_port);
  text += "server {\n";
  append_listen(text, options, "");
  text.append("    server_name ").append(server_name(vhost.host)).append(";\n");
  append_server_lines(text, options, vhost.server_tokens);
  text += render_acme(options.acme);
  text.append("    location / {\n        return 301 https://$host").append(port).append("$request_uri;\n    }\n}\n");
}

// What fits into nginx's map as it is built by default. Its size cannot be set here: it must come before the first map
// of the whole configuration.
constexpr std::size_t k_line_name_max = 45;

// One address, asked as every site is by default. A name without a dot has blocks: four of them are words of nginx's
// map.
bool wants_nothing_special(const vhost& vhost) {
  const auto& name = vhost.host.text;
  if (vhost.host.kind == site::host_kind::regex || name.find('.') == std::string::npos) return false;
  if (name.size() > k_line_name_max) return false;
  if (!vhost.redirect_to.empty() || vhost.maintenance || vhost.closed || vhost.server_tokens) return false;
  if (vhost.external != site::external_ports{} || vhost.files != files_of_host{}) return false;
  if (!vhost.certificate.empty() || vhost.limits != site::limits{} || vhost.locations.size() != 1) return false;
  const auto& only = vhost.locations[0];
  return only.route == site::route{} && only.files == files_of_host{} && !only.internal && only.backends.size() == 1;
}

render_options with_ports(const render_options& options, const site::external_ports& external) {
  auto own = options;
  if (external.http != 0) own.http_port = external.http;
  if (external.https != 0) own.https_port = external.https;
  return own;
}

// On a host's own ports, too, a name that nobody serves there is nobody's.
void append_unknown_names_elsewhere(std::string& text, std::span<const host_text* const> hosts,
                                    const render_options& options) {
  std::set<std::uint16_t> http, https;
  for (const auto* host : hosts) {
    if (host->external.http != 0) http.insert(host->external.http);
    if (host->external.https != 0 && host->over_tls) https.insert(host->external.https);
  }
  http.erase(options.http_port);
  https.erase(options.https_port);
  for (const auto port : http) append_unknown_name(text, with_ports(options, {.http = port, .https = 0}));
  for (const auto port : https) append_tls_refusal(text, with_ports(options, {.http = 0, .https = port}));
}

void append_mapped_server_lines(std::string& text, std::string_view variable, const render_options& options) {
  std::string lines;
  append_server_lines(lines, options, false);
  lines.append("    client_max_body_size ").append(body_size(options.max_body)).append(";\n");
  lines.append(render_include(options.defaults.server, k_server_indent));
  lines.append(render_acme(options.acme)).append(render_mapped_location(variable, options.defaults.location));
  text.append(without_directives(lines, options.defaults.server.sets, k_server_indent)).append("}\n");
}

// The hosts that have a line. Their names stand in the server too, so that nginx chooses among all names of all servers
// by its own rules: another host's wildcard does not take one of these.
void append_lines(std::string& text, std::span<const host_text* const> hosts, const render_options& options) {
  const auto has_line = [](const host_text* host) { return !host->name.empty(); };
  if (std::ranges::none_of(hosts, has_line)) return;
  text += "\nmap $host $heberg_address {\n    hostnames;\n    default \"\";\n";
  for (const auto* host : hosts) {
    if (has_line(host)) text += map_line(*host);
  }
  text += "}\n\nserver {\n";
  append_listen(text, options, "");
  for (const auto* host : hosts) {
    if (has_line(host)) text.append("    server_name ").append(host->name).append(";\n");
  }
  append_mapped_server_lines(text, "$heberg_address", options);
}

}  // namespace

std::string render_frame(const render_options& options) {
  std::string text(k_notice);
  text += k_maps;
  if (options.frame.hash_sizes) text += k_hash_sizes;
  append_unknown_name(text, options);
  return text;
}

std::string render_vhost(const vhost& vhost, const render_options& all_options) {
  using enum site::https_method;
  const auto options = with_ports(all_options, vhost.external);
  const bool over_tls = !vhost.certificate.empty();
  const bool leads_to_tls = over_tls && vhost.tls.method == redirect;
  const bool over_http = !over_tls || vhost.tls.method == noredirect;
  std::string text = vhost.maintenance || vhost.closed ? "" : render_upstreams(vhost);
  if (text.empty()) text += "\n";
  if (leads_to_tls) append_redirect_to_tls(text, vhost, options);
  text += "server {\n";
  if (over_http) append_listen(text, options, "");
  if (over_tls) append_tls_listen(text, options, "");
  text.append("    server_name ").append(server_name(vhost.host)).append(";\n");
  const auto& file = vhost.files.server.path.empty() ? options.defaults.server : vhost.files.server;
  std::string lines;
  append_server_lines(lines, options, vhost.server_tokens);
  if (over_tls) append_tls_lines(lines, vhost, options);
  if (over_tls && !over_http && !vhost.tls.hsts.empty())
    lines.append("    add_header Strict-Transport-Security ").append(quote(vhost.tls.hsts)).append(" always;\n");
  append_files(lines, vhost, file);
  if (over_http && !has_acme_of_its_own(vhost)) lines += render_acme(options.acme);
  append_content(lines, vhost, options);
  return text.append(without_directives(lines, file.sets, k_server_indent)).append("}\n");
}

std::string render_defaults_alone(const render_options& options) {
  std::string text = "\nserver {\n";
  append_listen(text, options, "");
  text += "    server_name heberg-defaults.invalid;\n";
  append_mapped_server_lines(text, "127.0.0.1", options);
  return text;
}

std::vector<host_text> render_hosts(std::span<const vhost> vhosts, const render_options& options) {
  const auto lines = static_cast<std::size_t>(std::ranges::count_if(vhosts, wants_nothing_special));
  std::vector<host_text> hosts;
  hosts.reserve(vhosts.size());
  for (const auto& vhost : vhosts) {
    if (lines < options.many_hosts || !wants_nothing_special(vhost)) {
      hosts.push_back({.name = {},
                       .address = {},
                       .blocks = render_vhost(vhost, options),
                       .over_tls = !vhost.certificate.empty(),
                       .external = vhost.external});
      continue;
    }
    const auto& only = vhost.locations[0].backends[0];
    hosts.push_back({.name = server_name(vhost.host),
                     .address = quote(only.address + ":" + std::to_string(only.port)),
                     .blocks = {},
                     .over_tls = false,
                     .external = {}});
  }
  return hosts;
}

std::string map_line(const host_text& host) {
  return "    " + host.name + " " + host.address + ";\n";
}

std::string compose(std::span<const host_text* const> hosts, const render_options& options) {
  std::string text = render_frame(options);
  const auto begin = text.size();
  std::size_t size = begin + 512;
  for (const auto* host : hosts) size += host->blocks.size() + 2 * host->name.size() + host->address.size() + 32;
  text.reserve(size);
  if (std::ranges::any_of(hosts, &host_text::over_tls)) append_tls_refusal(text, options);
  append_unknown_names_elsewhere(text, hosts, options);
  append_lines(text, hosts, options);
  for (const auto* host : hosts) text += host->blocks;
  // Before the hosts: of two servers of one name nginx takes the first.
  if (options.tells_generation) text.insert(begin, render_generation(text, options.http_port, options.ipv6));
  return text;
}

std::string render(std::span<const vhost> vhosts, const render_options& options) {
  const auto hosts = render_hosts(vhosts, options);
  std::vector<const host_text*> all;
  for (const auto& host : hosts) all.push_back(&host);
  return compose(all, options);
}

}  // namespace heberg::proxy
