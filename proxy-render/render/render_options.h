// SPDX-License-Identifier: LGPL-2.1-or-later
// What the text depends on beside the hosts.
#pragma once

#include "proxy-render/nginx/features.h"
#include "proxy-render/plan/vhosts.h"

#include <cstddef>
#include <cstdint>
#include <string>
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

}  // namespace heberg::proxy
