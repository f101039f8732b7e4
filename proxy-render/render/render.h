// SPDX-License-Identifier: LGPL-2.1-or-later
// From virtual hosts to nginx's text. Pure, and stable: equal input gives equal bytes. The text is a file of the http
// level, for nginx 1.22 and newer. A host is served in one of two forms (docs/decisions/0020 has the measurements):
//   by blocks of its own, an upstream and a server. They do not depend on other hosts.
//   by a line in a map from names to addresses, and one server for all of them: where there are many hosts, those that
//     want nothing special. nginx reads thirty times as many of them in the same time.
#pragma once

#include "proxy-render/plan/vhosts.h"
#include "proxy-render/render/features.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::proxy {

// What the sysadmin's own configuration may have set already, and nginx takes once only. Given up where nginx says so
// (publish.h).
struct frame {
  bool default_server = true;  // ours answers the names that nobody serves
  bool hash_sizes = true;      // room for the longest legal host name, 253 bytes
  auto operator<=>(const frame&) const = default;
};

// Who is in front of the proxy, such as a load balancer, and how it says whom it speaks for.
struct downstream {
  std::vector<std::string> trusted;  // addresses and networks: those are believed
  bool proxy_protocol = false;       // by the PROXY protocol; else by X-Forwarded-*
  bool operator==(const downstream&) const = default;
};

struct render_options {
  std::uint16_t http_port = 80;
  bool ipv6 = true;
  std::uint16_t https_port = 443;
  std::string certs = "/etc/heberg/certs";
  std::uint64_t max_body = 64U << 20U;  // bytes
  std::string access_log = "/var/log/nginx/access.log";
  std::string acme = {};  // the webroot of ACME's challenges (RFC 8555, 8.3); empty: they are the sites' own business
  bool tells_generation = false;  // confirm.h
  nginx_features nginx = {};
  struct downstream downstream = {};
  struct frame frame = {};
  default_files defaults = {};    // that nginx has nothing against (judge_defaults.h)
  std::size_t many_hosts = 500;   // from so many on that want nothing special, they are served by lines
  bool has_default_host = false;  // some host answers the names that nobody serves (compose)
  bool speaks_tls = false;  // some host has a certificate: the others' names are to be refused there (share_book.h)
  bool operator==(const render_options&) const = default;
};

// One host's share of the text: a line or blocks. What is composed shares it with what was composed before.
struct host_text {
  std::string name;     // quoted; empty: it has blocks
  std::string address;  // quoted, with the port
  std::string blocks;
  bool over_tls = false;
  bool is_default = false;             // it answers names that nobody serves
  site::external_ports external = {};  // ports beside the proxy's own
  std::string fault = {};              // why there is nothing to be said of it; printable, names the host
  auto operator<=>(const host_text&) const = default;
};

using shared_text = std::shared_ptr<const host_text>;

// The default files alone, in a server that nobody asks: for nginx to judge them apart from all hosts.
[[nodiscard]] std::string render_defaults_alone(const render_options& options);

// One host's blocks. Its name is its own on both ports: where it is not served (no certificate; https alone; ports of
// its own instead), nobody else's wildcard answers for it, but 503 or no handshake.
[[nodiscard]] std::string render_vhost(const vhost& vhost, const render_options& options);

// Could a line in the map serve it? One address, asked as every site is by default.
[[nodiscard]] bool wants_nothing_special(const vhost& vhost);

[[nodiscard]] host_text render_line(const vhost& vhost);
[[nodiscard]] host_text render_blocks(const vhost& vhost, const render_options& options);

// A host's share where it is not to be served: its name on the usual ports, for nobody else's wildcard to have. None
// where that cannot be: nginx may not take a regular expression.
[[nodiscard]] std::optional<host_text> render_closed_name(const vhost& vhost, const vhost_list& all,
                                                          const render_options& options);

[[nodiscard]] bool speaks_tls(const vhost_list& vhosts);

// A line for nginx's map; to be found in the text.
[[nodiscard]] std::string map_line(const host_text& host);

// The whole text of some of the shares.
[[nodiscard]] std::string compose(std::span<const shared_text> hosts, const render_options& options);

}  // namespace heberg::proxy
