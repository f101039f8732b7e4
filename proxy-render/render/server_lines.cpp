// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render/server_lines.h"

#include "proxy-render/nginx/directives.h"
#include "proxy-render/nginx/quote.h"
#include "proxy-render/render/downstream.h"
#include "proxy-render/render/render_location.h"

namespace heberg::proxy {
namespace {

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

std::string_view proxy_protocol(const render_options& options) {
  return options.downstream.proxy_protocol ? " proxy_protocol" : "";
}

}  // namespace

void append_listen(std::string& text, const render_options& options, std::string_view flag) {
  const auto port = std::to_string(options.http_port);
  const auto how = std::string(flag).append(proxy_protocol(options));
  text.append("    listen ").append(port).append(how).append(";\n");
  if (options.ipv6) text.append("    listen [::]:").append(port).append(how).append(";\n");
}

// HTTP/3 shares the port's number, over UDP. One of its servers sets the socket's options: the default one.
void append_tls_listen(std::string& text, const render_options& options, std::string_view flag, tls_server kind) {
  const auto port = std::to_string(options.https_port);
  const auto listen = [&](std::string_view words) {
    text.append("    listen ").append(port).append(words).append(flag).append(";\n");
    if (options.ipv6) text.append("    listen [::]:").append(port).append(words).append(flag).append(";\n");
  };
  const auto with_tls = std::string(options.nginx.http2_directive ? " ssl" : " ssl http2");
  listen(with_tls + std::string(proxy_protocol(options)));
  if (options.nginx.http2_directive) text += "    http2 on;\n";
  if (!options.nginx.http3 || options.downstream.proxy_protocol) return;  // not with QUIC
  listen(kind == tls_server::is_default ? " quic reuseport" : " quic");
  if (kind == tls_server::serves)
    text.append("    add_header Alt-Svc \"h3=\\\":").append(port).append("\\\"; ma=86400\" always;\n");
}

// The comment makes a renewed certificate a new text, so that nginx is reloaded.
void append_tls_lines(std::string& text, const vhost& vhost, const render_options& options) {
  const auto path = options.certs + "/" + vhost.certificate;
  text.append("    # certificate and key: ").append(vhost.certificate_stamp).append("\n");
  text.append("    ssl_certificate ").append(quote(path + ".crt")).append(";\n");
  text.append("    ssl_certificate_key ").append(quote(path + ".key")).append(";\n");
  text += vhost.tls.policy == site::tls_policy::modern ? k_modern : k_intermediate;
  text += k_tls_sessions;
}

void append_tls_closed(std::string& text, const render_options& options) {
  if (!options.has_tls) return;
  append_tls_listen(text, options, "", tls_server::refuses);
  text += "    ssl_reject_handshake on;\n";
}

void append_server_lines(std::string& text, const render_options& options, bool tokens) {
  text += render_real_ip(options.downstream);
  text += tokens ? "    server_tokens on;\n" : "    server_tokens off;\n";
  if (!options.access_log.empty())
    text.append("    access_log ").append(quote(options.access_log)).append(" heberg;\n");
  text += render_error_page(options.defaults.error_page);
}

std::string_view default_flag(const render_options& options) {
  return options.preamble.default_server ? " default_server" : "";
}

void append_tls_refusal(std::string& text, const render_options& options) {
  text += "\nserver {\n";
  append_tls_listen(text, options, default_flag(options), tls_server::is_default);
  text.append(k_intermediate).append(k_tls_sessions).append("    ssl_reject_handshake on;\n    return 503;\n}\n");
}

render_options with_ports(const render_options& options, const site::external_ports& external) {
  auto own = options;
  if (external.http != 0) own.http_port = external.http;
  if (external.https != 0) own.https_port = external.https;
  return own;
}

std::string body_size(std::uint64_t bytes) {
  constexpr std::uint64_t mega = 1U << 20U;
  return bytes > 0 && bytes % mega == 0 ? std::to_string(bytes / mega) + "m" : std::to_string(bytes);
}

std::string server_name(const site::host& host) {
  if (host.kind != site::host_kind::regex) return quote(host.text);
  return quote("~" + limit_matching(host.text.substr(1)));
}

}  // namespace heberg::proxy
