// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render/render_location.h"

#include "proxy-render/nginx/directives.h"
#include "proxy-render/nginx/quote.h"
#include "proxy-render/render/downstream.h"

#include <array>
#include <string_view>
#include <utility>

namespace heberg::proxy {
namespace {

// The client's own values of these headers are overwritten, not passed on. "Forwarded" has
// the same meaning as X-Forwarded-* (RFC 7239); "Proxy" becomes HTTP_PROXY in CGI programs (httpoxy.org).
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> k_headers = {{
    {"X-Real-IP", "$remote_addr"},
    {"X-Forwarded-For", "$remote_addr"},
    {"X-Forwarded-Host", "$host"},
    {"X-Forwarded-Proto", "$scheme"},
    {"X-Forwarded-Port", "$server_port"},
    {"X-Forwarded-Ssl", "$heberg_ssl"},
    {"X-Original-URI", "$request_uri"},
    {"Forwarded", "\"\""},
    {"Proxy", "\"\""},
}};

// CGI's own (RFC 3875), as in Debian's fastcgi.conf and uwsgi_params; the name and port are what the client asked for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> k_params = {{
    {"QUERY_STRING", "$query_string"},
    {"REQUEST_METHOD", "$request_method"},
    {"CONTENT_TYPE", "$content_type"},
    {"CONTENT_LENGTH", "$content_length"},
    {"REQUEST_URI", "$request_uri"},
    {"DOCUMENT_URI", "$document_uri"},
    {"DOCUMENT_ROOT", "$document_root"},
    {"SERVER_PROTOCOL", "$server_protocol"},
    {"REQUEST_SCHEME", "$scheme"},
    {"HTTPS", "$https if_not_empty"},
    {"GATEWAY_INTERFACE", "CGI/1.1"},
    {"SERVER_SOFTWARE", "nginx"},
    {"REMOTE_ADDR", "$remote_addr"},
    {"REMOTE_PORT", "$remote_port"},
    {"SERVER_PORT", "$server_port"},
    {"SERVER_NAME", "$host"},
}};

constexpr std::string_view k_private[] = {"127.0.0.0/8",    "10.0.0.0/8", "172.16.0.0/12",
                                          "192.168.0.0/16", "::1",        "fc00::/7"};

// nginx takes the first line that matches: the sites' own networks are denied before any is allowed.
void append_internal_alone(std::string& text, const render_options& options) {
  const auto append = [&text](std::string_view verb, std::string_view network) {
    text.append("        ").append(verb).append(" ").append(network).append(";\n");
  };
  for (const auto& network : options.engine_networks) append("deny", network);
  for (const auto& network : options.internal) append("allow", network);
  if (options.internal.empty()) {
    for (const auto network : k_private) append("allow", network);
  }
  append("deny", "all");
}

constexpr std::string_view k_error_page_path = "/heberg-50x.html";  // to nginx alone

constexpr std::string_view k_acme_path = "/.well-known/acme-challenge/";

// A page that a site's visitor may read; not nginx's own, which looks as if the whole server had failed.
std::string render_page(std::string_view title, std::string_view sentence) {
  std::string text =
      "        default_type text/html;\n        add_header Retry-After 60 always;\n        return 503 \"";
  text.append("<!DOCTYPE html><html lang='en'><meta charset='utf-8'><title>")
      .append(title)
      .append("</title><h1>")
      .append(title)
      .append("</h1><p>")
      .append(sentence);
  return text.append("</p></html>\";\n");
}

std::string render_not_available(const default_files& defaults) {
  if (!defaults.error_page.path.empty()) return "        return 503;\n";
  return render_page("Not available", "This site is not available at the moment. Please come back later.");
}

constexpr std::string_view k_indent = "        ";

std::string location_name(const site::path& path) {
  const auto shown = site::show(path);
  const auto modifier = shown.substr(0, shown.size() - path.text.size());
  return modifier + quote(path.kind >= site::path_kind::regex ? limit_matching(path.text) : path.text);
}

// No control character is in a host or in a path: two locations never share a name.
std::string name_of(const vhost& vhost, const location& location) {
  const auto& path = location.route.path;
  if (path == site::path{}) return upstream_name(vhost.host.text);
  return upstream_name(vhost.host.text + '\x01' + site::show(path));
}

bool has_upstream(const location& location) {
  return location.service == service::up || location.service == service::unreachable;
}

std::size_t count_idle(const vhost& vhost, const location& location) {
  return vhost.limits.keepalive.value_or(static_cast<std::uint32_t>(2 * location.backends.size()));
}

void append_upstream(std::string& text, const vhost& vhost, const location& location) {
  text.append("\nupstream ").append(quote(name_of(vhost, location))).append(" {\n");
  if (vhost.limits.balance == site::balance::least_conn) text += "    least_conn;\n";
  if (vhost.limits.balance == site::balance::ip_hash) text += "    ip_hash;\n";
  for (const auto& backend : location.backends) {
    text.append("    server ").append(quote(backend.address + ":" + std::to_string(backend.port))).append(";\n");
  }
  // nginx wants one server at least; with none alive it answers 502, as nginx-proxy's users know it.
  if (location.backends.empty()) text += "    server 127.0.0.1 down;\n";
  const auto idle = count_idle(vhost, location);
  if (!location.backends.empty() && idle > 0) text.append("    keepalive ").append(std::to_string(idle)).append(";\n");
  text += "}\n";
}

// An idle WebSocket lives ten minutes.
void append_times(std::string& text, std::string_view module, const vhost& vhost) {
  const auto seconds = std::to_string(vhost.limits.read_timeout.value_or(std::chrono::seconds(600)).count());
  const auto line = [&](std::string_view name, std::string_view value) {
    text.append("        ").append(module).append(name).append(" ").append(value).append("s;\n");
  };
  line("_connect_timeout", "10");
  line("_read_timeout", seconds);
  line("_send_timeout", seconds);
}

void append_headers(std::string& text, std::string_view directive, bool believed) {
  for (const auto& [name, own] : k_headers) {
    const auto value = believed ? as_told(name, own) : own;
    text.append("        ").append(directive).append(" ").append(name).append(" ").append(value).append(";\n");
  }
}

void append_http_lines(std::string& text, std::string_view connection, const vhost& vhost, bool believed) {
  text += "        proxy_http_version 1.1;\n";
  append_times(text, "proxy", vhost);
  text += "        proxy_set_header Host $host$heberg_host_port;\n        proxy_set_header Upgrade $heberg_upgrade;\n";
  text.append("        proxy_set_header Connection ").append(connection).append(";\n");
  append_headers(text, "proxy_set_header", believed);
}

void append_http(std::string& text, const vhost& vhost, const location& location, bool believed) {
  const bool tls = location.route.protocol == site::protocol::https;
  // upstream_name() and a path have no "$" that nginx would expand here.
  text.append("        proxy_pass ")
      .append(quote((tls ? "https://" : "http://") + name_of(vhost, location) + location.route.destination))
      .append(";\n");
  if (tls) text += "        proxy_ssl_server_name on;\n        proxy_ssl_name $host;\n";
  append_http_lines(text, vhost.limits.keepalive == 0U ? "$heberg_connection_close" : "$heberg_connection", vhost,
                    believed);
}

void append_grpc(std::string& text, const vhost& vhost, const location& location, bool believed) {
  const bool tls = location.route.protocol == site::protocol::grpcs;
  text.append("        grpc_pass ")
      .append(quote((tls ? "grpcs://" : "grpc://") + name_of(vhost, location)))
      .append(";\n");
  if (tls) text += "        grpc_ssl_server_name on;\n        grpc_ssl_name $host;\n";
  append_times(text, "grpc", vhost);
  text += "        grpc_set_header Host $host$heberg_host_port;\n";
  append_headers(text, "grpc_set_header", believed);
}

// "X-Real-IP" as CGI programs see a header.
std::string variable_of(std::string_view header) {
  std::string name = "HTTP_";
  for (const char c : header) name += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

void append_params(std::string& text, std::string_view directive, bool believed) {
  const auto line = [&](std::string_view name, std::string_view value) {
    text.append("        ").append(directive).append(" ").append(name).append(" ").append(value).append(";\n");
  };
  for (const auto& [name, own] : k_params) line(name, believed ? as_told(name, own) : own);
  for (const auto& [name, own] : k_headers) line(variable_of(name), believed ? as_told(name, own) : own);
}

void append_fastcgi(std::string& text, const vhost& vhost, const location& location, bool believed) {
  text.append("        root ").append(quote(location.route.root)).append(";\n");
  text.append("        fastcgi_pass ").append(quote(name_of(vhost, location))).append(";\n");
  text += "        fastcgi_index index.php;\n        fastcgi_split_path_info \"^(.+\\.php)(/.*)$\";\n";
  if (vhost.limits.keepalive != 0U) text += "        fastcgi_keep_conn on;\n";
  append_times(text, "fastcgi", vhost);
  text +=
      "        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n"
      "        fastcgi_param SCRIPT_NAME $fastcgi_script_name;\n"
      "        fastcgi_param PATH_INFO $fastcgi_path_info;\n"
      "        fastcgi_param REDIRECT_STATUS 200;\n";
  append_params(text, "fastcgi_param", believed);
}

void append_uwsgi(std::string& text, const vhost& vhost, const location& location, bool believed) {
  text.append("        uwsgi_pass ").append(quote(name_of(vhost, location))).append(";\n");
  append_times(text, "uwsgi", vhost);
  text += "        uwsgi_param PATH_INFO $document_uri;\n";
  append_params(text, "uwsgi_param", believed);
}

}  // namespace

std::string render_upstreams(const vhost& vhost) {
  std::string text;
  for (const auto& location : vhost.locations) {
    if (has_upstream(location)) append_upstream(text, vhost, location);
  }
  return text;
}

std::string render_location(const vhost& vhost, const location& location, const render_options& options) {
  const bool believed = believes_headers(options.downstream);
  std::string text = "    location " + location_name(location.route.path) + " {\n";
  if (location.internal) append_internal_alone(text, options);
  const auto& own = location.files.location.path.empty() ? vhost.files.location : location.files.location;
  const auto& file = own.path.empty() ? options.defaults.location : own;
  text += render_include(file, k_indent);
  text += render_passwords(location.files.passwords, k_indent);
  if (!has_upstream(location)) {
    return text.append(render_not_available(options.defaults)).append("    }\n");
  }
  switch (location.route.protocol) {
    case site::protocol::http:
    case site::protocol::https:
      append_http(text, vhost, location, believed);
      break;
    case site::protocol::fastcgi:
      append_fastcgi(text, vhost, location, believed);
      break;
    case site::protocol::uwsgi:
      append_uwsgi(text, vhost, location, believed);
      break;
    case site::protocol::grpc:
    case site::protocol::grpcs:
      append_grpc(text, vhost, location, believed);
      break;
  }
  return without_directives(text, file.sets, k_indent) + "    }\n";
}

std::string render_mapped_location(std::string_view variable, const render_options& options) {
  const auto& file = options.defaults.location;
  std::string text = "    location / {\n        proxy_pass http://" + std::string(variable) + ";\n";
  append_http_lines(text, "$heberg_connection_close", vhost{}, believes_headers(options.downstream));
  text += render_include(file, k_indent);
  return without_directives(text, file.sets, k_indent) + "    }\n";
}

std::string render_acme(const std::string& webroot) {
  if (webroot.empty()) return {};
  std::string text =
      "    location ^~ " + std::string(k_acme_path) + " {\n        auth_basic off;\n        allow all;\n";
  text.append("        default_type text/plain;\n        root ").append(quote(webroot)).append(";\n");
  return text.append("        try_files $uri =404;\n    }\n");
}

std::string render_passwords(const host_file& file, std::string_view indent) {
  if (file.path.empty()) return {};
  // Read at each request: where it cannot be read, all requests are refused.
  std::string text(indent);
  text.append("auth_basic \"Restricted\";\n").append(indent);
  return text.append("auth_basic_user_file ").append(quote(file.path)).append(";\n");
}

// nginx takes a path with one of these for a pattern: a wildcard's file has one in its name.
static std::string escape_pattern(std::string_view path) {
  std::string text;
  for (const char c : path) {
    if (c == '*' || c == '?' || c == '[')
      text.append("[").append(1, c).append("]");
    else
      text += c;
  }
  return text;
}

std::string render_include(const host_file& file, std::string_view indent) {
  if (file.path.empty()) return {};
  std::string text(indent);
  text.append("# ").append(file.stamp).append("\n").append(indent);
  return text.append("include ").append(quote(escape_pattern(file.path))).append(";\n");
}

// nginx asks for the page by GET, whatever the client asked for; a password is not asked for again.
std::string render_error_page(const host_file& page) {
  if (page.path.empty()) return {};
  std::string text = "    error_page 500 502 503 504 ";
  text.append(k_error_page_path)
      .append(";\n    location = ")
      .append(k_error_page_path)
      .append(" {\n        internal;\n");
  text +=
      "        auth_basic off;\n        allow all;\n        default_type text/html;\n        add_header Retry-After 60 "
      "always;\n";
  return text.append("        alias ").append(quote(page.path)).append(";\n    }\n");
}

std::string render_closed(const default_files& defaults) {
  return "    location / {\n" + render_not_available(defaults) + "    }\n";
}

std::string render_maintenance() {
  return "    location / {\n" + render_page("Maintenance", "This site is being worked on. Please come back later.") +
         "    }\n";
}

}  // namespace heberg::proxy
