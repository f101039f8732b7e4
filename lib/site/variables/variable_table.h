// SPDX-License-Identifier: LGPL-2.1-or-later
// The variables that a container may set for the proxy: one row each. Everything that lists variables reads this table:
// the parsers of lib/site (variables.h), what the planner compares and remembers, heberg-proxy-render --variables, and,
// held against it by tests, docs/proxy.md and the Ansible collection.
//
// To add a variable: a row here, its parser (limits.cpp and its siblings), its test in tests/unit/site, and in
// docs/proxy.md the row as --variables prints it.
#pragma once

#include <array>
#include <string_view>

namespace heberg::site {

enum class value_type : unsigned char {
  hosts,       // a comma list of host names
  multiports,  // YAML or JSON (multiports.h)
  port,        // 1 to 65535
  path,        // an URL's path, or nginx's notation of a location
  choice,      // one of `values`
  flag,        // one of `values`, or another spelling of yes and no
  size,        // bytes, with k, m or g
  duration,    // with s, m or h
  number,
  header,  // the value of an HTTP header
  name,
};

// Of what the value is a property. Containers of one host that differ in a property of the host, or of one of its
// locations, are told so, and the oldest container's value counts.
enum class variable_scope : unsigned char { container, host, location };

enum class variable_setter : unsigned char {
  any,       // every container, and its image
  starter,   // who starts the container: it names hosts or ports of the host, and what an image says of them is ignored
  sysadmin,  // a container that is not a site's; a site's container that sets it is refused
};

struct variable_row {
  std::string_view name;  // in the environment; label_of() has its label form
  value_type type;
  variable_scope scope;
  variable_setter setter;
  std::string_view values;         // Markdown
  std::string_view default_value;  // Markdown
  std::string_view meaning;        // Markdown, one line
};

// clang-format off
inline constexpr std::array k_variable_table = std::to_array<variable_row>({
    {"VIRTUAL_HOST", value_type::hosts, variable_scope::container, variable_setter::starter,
     R"(host names, separated by commas: `www.example.org`, `*.example.org`, `www.example.*`, )"
     R"(`~^www\d+\.example\.org$`, `192.0.2.1`, `[2001:db8::1]`)", "none",
     "The host names that the container serves. International names are accepted. A regular expression begins with "
     "`~^` and contains no comma."},
    {"VIRTUAL_HOST_MULTIPORTS", value_type::multiports, variable_scope::container, variable_setter::starter,
     R"(YAML or JSON: `www.example.org: {"/": {port: 8080}, "/api": {port: 9000, dest: "/", proto: https}}`)", "none",
     "Several host names, paths and ports of one container. It replaces `VIRTUAL_HOST`, `VIRTUAL_PORT`, "
     "`VIRTUAL_PATH`, `VIRTUAL_DEST` and `VIRTUAL_PROTO`. A host name alone means `/` and the exposed port. "
     "`external_http_port` and `external_https_port` stand beside the paths. At most 16 KB, without anchors. A site's "
     "container needs `VIRTUAL_HOST` as well."},
    {"EXTERNAL_HTTP_PORT", value_type::port, variable_scope::host, variable_setter::starter,
     "1 to 65535", "`proxy.http_port`",
     "The proxy's HTTP port for these host names: one of `proxy.external_ports`. On the usual port they answer 503. Only for plain names: no "
     "wildcards, no regular expressions."},
    {"EXTERNAL_HTTPS_PORT", value_type::port, variable_scope::host, variable_setter::starter,
     "1 to 65535", "`proxy.https_port`",
     "The proxy's HTTPS port for these host names: one of `proxy.external_ports`. On the usual port the TLS handshake is refused. Only for plain "
     "names."},
    {"VIRTUAL_PORT", value_type::port, variable_scope::container, variable_setter::any,
     "1 to 65535", "the only exposed TCP port, else 80",
     "The port on which the container listens."},
    {"VIRTUAL_PATH", value_type::path, variable_scope::container, variable_setter::any,
     R"(`/a`, `= /a`, `^~ /a`, `~ ^/(a|b)/`, `~* \.png$`)", "`/`",
     "The URLs that the container serves, as in nginx's `location`. Where no container serves `/`, all other URLs "
     "answer 404."},
    {"VIRTUAL_DEST", value_type::path, variable_scope::location, variable_setter::any,
     "`/b`", "the path is not replaced",
     "Replaces the path of `VIRTUAL_PATH` in the request to the container. For `http` and `https`, and not for regular "
     "expressions."},
    {"VIRTUAL_PROTO", value_type::choice, variable_scope::location, variable_setter::any,
     "`http`, `https`, `fastcgi`, `uwsgi`, `grpc`, `grpcs`", "`http`; `fastcgi` for PHP's fpm images",
     "The protocol between the proxy and the container. The container's certificate is not verified."},
    {"VIRTUAL_ROOT", value_type::path, variable_scope::location, variable_setter::any,
     "a path in the container", "`/var/www/public`; `/var/www/html` for PHP's fpm images",
     "The document root for `fastcgi`."},
    {"NETWORK_ACCESS", value_type::choice, variable_scope::location, variable_setter::any,
     "`internal`, `external`", "`external`",
     "`internal`: only private and loopback addresses (`proxy.internal`) get in, and none of a network of sites; others get 403. Where containers differ, `internal` "
     "counts."},
    {"MAX_BODY", value_type::size, variable_scope::host, variable_setter::any,
     "`64m`, `512k`, `0`", "`proxy.max_body`",
     "The largest request body. `0`: no limit."},
    {"READ_TIMEOUT", value_type::duration, variable_scope::host, variable_setter::any,
     "`90s`, `5m`, `1h`", "10 minutes",
     "How long the proxy waits for the container's next byte. At most 24 hours."},
    {"LOADBALANCE", value_type::choice, variable_scope::host, variable_setter::any,
     "`round_robin`, `least_conn`, `ip_hash`", "`round_robin`",
     "How requests are distributed among the containers."},
    {"KEEPALIVE", value_type::number, variable_scope::host, variable_setter::any,
     "`auto`, `disabled`, or a number up to `1000`", "`auto`: two for each container",
     "Idle connections that the proxy keeps open to the containers."},
    {"REDIRECT_WWW", value_type::flag, variable_scope::container, variable_setter::starter,
     "`true`, `false`", "`false`",
     "Redirects each plain host name's www counterpart (the name with `www.` added or removed) to the host name."},
    {"MAINTENANCE", value_type::flag, variable_scope::host, variable_setter::any,
     "`true`, `false`", "`false`",
     "Answers every request with 503 and a maintenance page."},
    {"HTTPS_METHOD", value_type::choice, variable_scope::host, variable_setter::any,
     "`redirect`, `noredirect`, `nohttp`, `nohttps`", "`redirect`",
     "With a certificate: HTTP redirects to HTTPS; both are served; only HTTPS; only HTTP. Without a certificate: only "
     "HTTP."},
    {"HSTS", value_type::header, variable_scope::host, variable_setter::any,
     "`max-age=31536000; includeSubDomains; preload`, `off`", "`max-age=31536000`",
     "The `Strict-Transport-Security` header, sent unless the host is served over both HTTP and HTTPS."},
    {"SSL_POLICY", value_type::choice, variable_scope::host, variable_setter::any,
     "`Mozilla-Intermediate`, `Mozilla-Modern`", "`Mozilla-Intermediate`",
     "TLS 1.2 and 1.3; only TLS 1.3: a TLS 1.2 client gets 403 or no handshake."},
    {"CERT_NAME", value_type::name, variable_scope::host, variable_setter::starter,
     "`example.org`", "the certificate of the host name",
     "The name of the certificate to use. Where that certificate is missing, the host is served over HTTP only."},
    {"SERVER_TOKENS", value_type::flag, variable_scope::host, variable_setter::any,
     "`on`, `off`", "`off`",
     "Whether nginx sends its version."},
});
// clang-format on

}  // namespace heberg::site
