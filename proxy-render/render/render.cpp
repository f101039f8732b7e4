// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render/render.h"

#include "proxy-render/nginx/directives.h"
#include "proxy-render/nginx/quote.h"
#include "proxy-render/render/render_location.h"
#include "proxy-render/render/render_preamble.h"
#include "proxy-render/render/server_lines.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace heberg::proxy {
namespace {

// What nginx answers outside of all locations; most hosts have a prefix "/".
constexpr std::string_view k_no_location = "    location / {\n        return 404;\n    }\n";

bool serves_all(const vhost& vhost) {
  return std::ranges::any_of(vhost.locations, [](const location& l) {
    return l.route.path.text == "/" && l.route.path.kind <= site::path_kind::preferred;
  });
}

// Does the host have a location of its own in ACME's place?
bool has_acme_of_its_own(const vhost& vhost) {
  return std::ranges::any_of(
      vhost.locations, [](const location& l) { return l.route.path.text.starts_with("/.well-known/acme-challenge"); });
}

std::string body_limit(std::uint64_t wanted, const render_options& options) {
  const auto most = options.max_body_limit;
  return body_size(most != 0 && (wanted == 0 || wanted > most) ? most : wanted);
}

void append_files(std::string& text, const vhost& vhost, const host_file& server) {
  text += render_include(server, k_server_indent);
  text += render_passwords(vhost.files.passwords, "    ");
}

// What a server answers.
void append_content(std::string& text, const vhost& vhost, const render_options& options) {
  if (vhost.closed) {
    text += render_closed(options.defaults);
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
      .append(body_limit(vhost.limits.max_body.value_or(options.max_body), options))
      .append(";\n");
  for (const auto& location : vhost.locations) text += render_location(vhost, location, options);
  if (!serves_all(vhost)) text += k_no_location;
}

void append_redirect_to_tls(std::string& text, const vhost& vhost, const render_options& options) {
  const auto port = options.https_port == 443 ? "" : ":" + std::to_string(options.https_port);
  text += "server {\n";
  append_listen(text, options, vhost.is_default ? default_flag(options) : "");
  text.append("    server_name ").append(server_name(vhost.host)).append(";\n");
  append_server_lines(text, options, vhost.server_tokens);
  text += render_acme(options.acme);
  text.append("    location / {\n        return 301 https://$host").append(port).append("$request_uri;\n    }\n}\n");
}

void append_closed_lines(std::string& text, const site::host& host, const render_options& options, bool tokens) {
  text.append("    server_name ").append(server_name(host)).append(";\n");
  append_server_lines(text, options, tokens);
  text.append(render_acme(options.acme)).append(render_closed(options.defaults)).append("}\n");
}

void append_http_closed(std::string& text, const vhost& vhost, const render_options& options) {
  text += "server {\n";
  append_listen(text, options, "");
  append_closed_lines(text, vhost.host, options, vhost.server_tokens);
}

// Where the host is served on ports of its own, no other owner's wildcard has its name on the usual ones.
void append_usual_ports_closed(std::string& text, const vhost& vhost, const render_options& options) {
  const auto is_elsewhere = [](std::uint16_t own, std::uint16_t usual) { return own != 0 && own != usual; };
  const bool http = is_elsewhere(vhost.external.http, options.http_port);
  const bool https = is_elsewhere(vhost.external.https, options.https_port) && options.has_tls;
  if (!http && !https) return;
  text += "server {\n";
  if (http) append_listen(text, options, "");
  if (https) append_tls_closed(text, options);
  append_closed_lines(text, vhost.host, options, vhost.server_tokens);
}

// What fits into nginx's map as it is built by default. Its size cannot be set here: it must come before the first map
// of the whole configuration.
constexpr std::size_t k_line_name_max = 45;

void append_mapped_server_lines(std::string& text, std::string_view variable, const render_options& options) {
  std::string lines;
  append_server_lines(lines, options, false);
  lines.append("    client_max_body_size ").append(body_limit(options.max_body, options)).append(";\n");
  lines.append(render_include(options.defaults.server, k_server_indent));
  lines.append(render_acme(options.acme)).append(render_mapped_location(variable, options));
  text.append(without_directives(lines, options.defaults.server.sets, k_server_indent)).append("}\n");
}

void append_map_line(std::string& text, const host_config& host) {
  text.append("    ").append(host.name).append(" ").append(host.address).append(";\n");
}

// The hosts that have a line. Their names are in the server, too, so that nginx chooses among all names of all servers
// by its own rules: another host's wildcard does not take one of these.
void append_lines(std::string& text, std::span<const shared_config> hosts, const render_options& options) {
  const auto has_line = [](const shared_config& host) { return !host->name.empty(); };
  if (std::ranges::none_of(hosts, has_line)) return;
  text += "\nmap $host $heberg_address {\n    hostnames;\n    default \"\";\n";
  for (const auto& host : hosts) {
    if (has_line(host)) append_map_line(text, *host);
  }
  text += "}\n\nserver {\n";
  append_listen(text, options, "");
  append_tls_closed(text, options);
  for (const auto& host : hosts) {
    if (has_line(host)) text.append("    server_name ").append(host->name).append(";\n");
  }
  append_mapped_server_lines(text, "$heberg_address", options);
}

}  // namespace

std::string render_vhost(const vhost& vhost, const render_options& all_options) {
  using enum site::https_method;
  const auto options = with_ports(all_options, vhost.external);
  const bool over_tls = !vhost.certificate.empty();
  const bool leads_to_tls = over_tls && vhost.tls.method == redirect;
  const bool over_http = !over_tls || vhost.tls.method == noredirect;
  std::string text = vhost.maintenance || vhost.closed ? "" : render_upstreams(vhost);
  if (text.empty()) text += "\n";
  append_usual_ports_closed(text, vhost, all_options);
  if (leads_to_tls) append_redirect_to_tls(text, vhost, options);
  if (over_tls && !over_http && !leads_to_tls) append_http_closed(text, vhost, options);
  text += "server {\n";
  if (over_http) append_listen(text, options, vhost.is_default ? default_flag(options) : "");
  if (over_tls) append_tls_listen(text, options, "", tls_server::serves);
  if (!over_tls) append_tls_closed(text, options);
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

bool has_certificate(const vhost_list& vhosts) {
  return std::ranges::any_of(vhosts.shared(), [](const shared_vhost& v) { return !v->certificate.empty(); });
}

// A name without a dot has blocks: four such names are parameters of nginx's map.
bool wants_nothing_special(const vhost& vhost) {
  const auto& name = vhost.host.text;
  if (vhost.host.kind == site::host_kind::regex || name.find('.') == std::string::npos) return false;
  if (name.size() > k_line_name_max) return false;
  if (vhost.is_default || !vhost.redirect_to.empty() || vhost.maintenance || vhost.closed || vhost.server_tokens)
    return false;
  if (vhost.external != site::external_ports{} || vhost.files != files_of_host{}) return false;
  if (!vhost.certificate.empty() || vhost.limits != site::limits{} || vhost.locations.size() != 1) return false;
  const auto& only = vhost.locations[0];
  return only.route == site::route{} && only.files == files_of_host{} && !only.internal && only.backends.size() == 1;
}

// Itself, or by leading to https: not where it is served there alone.
bool answers_http(const vhost& vhost) {
  return vhost.certificate.empty() || vhost.tls.method == site::https_method::redirect ||
         vhost.tls.method == site::https_method::noredirect;
}

host_config render_line(const vhost& vhost) {
  const auto& only = vhost.locations[0].backends[0];
  return {.name = server_name(vhost.host),
          .address = quote(only.address + ":" + std::to_string(only.port)),
          .blocks = {},
          .over_tls = false,
          .is_default = false,
          .external = {}};
}

host_config render_blocks(const vhost& vhost, const render_options& options) {
  return {.name = {},
          .address = {},
          .blocks = render_vhost(vhost, options),
          .over_tls = !vhost.certificate.empty(),
          .is_default = vhost.is_default && answers_http(vhost),
          .external = vhost.external};
}

std::optional<host_config> render_closed_name(const vhost& vhost, const vhost_list& all,
                                              const render_options& all_options) {
  if (vhost.host.kind == site::host_kind::regex) return std::nullopt;
  auto options = all_options;
  options.has_tls = has_certificate(all);
  std::string text = "\nserver {\n";
  append_listen(text, options, "");
  append_tls_closed(text, options);
  append_closed_lines(text, vhost.host, options, false);
  return host_config{.name = {}, .address = {}, .blocks = std::move(text)};
}

std::string map_line(const host_config& host) {
  std::string line;
  append_map_line(line, host);
  return line;
}

std::string compose(std::span<const shared_config> hosts, const render_options& all_options) {
  auto options = all_options;
  options.has_tls = std::ranges::any_of(hosts, [](const shared_config& host) { return host->over_tls; });
  options.has_default_host = std::ranges::any_of(hosts, [](const shared_config& host) { return host->is_default; });
  std::size_t size = 512;
  for (const auto& host : hosts) size += host->blocks.size() + 2 * host->name.size() + host->address.size() + 32;
  std::string text;
  text.reserve(size);
  append_unknown_names(text, hosts, options);
  append_lines(text, hosts, options);
  for (const auto& host : hosts) text += host->blocks;
  return render_around(options, text);
}

}  // namespace heberg::proxy
