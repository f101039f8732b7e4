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

// Lines of the preamble that the sysadmin's own configuration may have, too, and that nginx accepts once only. Left out
// where nginx refuses them (publication.h).
struct preamble_lines {
  bool default_server = true;                     // heberg's server answers unknown host names
  bool hash_sizes = true;                         // room for the longest legal host name, 253 bytes
  std::vector<std::string> limits_given_up = {};  // directives of client_limits.h
  auto operator<=>(const preamble_lines&) const = default;
};

// What is in front of the proxy, such as a load balancer, and how it passes the client's address on.
struct downstream {
  std::vector<std::string> trusted;  // addresses and networks whose headers count
  bool proxy_protocol = false;       // by the PROXY protocol; else by X-Forwarded-*
  bool operator==(const downstream&) const = default;
};

struct render_options {
  std::uint16_t http_port = 80;
  bool ipv6 = true;
  std::uint16_t https_port = 443;
  std::string certs = "/etc/heberg/certs";
  std::uint64_t max_body = 64U << 20U;  // bytes
  std::uint64_t max_body_limit = 0;     // bytes that no host's own limit exceeds; 0: no limit
  std::uint32_t client_requests = 0;    // of one client's address at a time; 0: no limit
  std::string access_log = "/var/log/nginx/access.log";
  std::string acme = {};        // the webroot of ACME's challenges (RFC 8555, 8.3); empty: sites answer them
  bool has_generation = false;  // generation.h
  nginx_features nginx = {};
  struct downstream downstream = {};
  preamble_lines preamble = {};
  std::vector<std::string> internal = {};  // networks that NETWORK_ACCESS=internal admits; none: the private ones
  std::vector<std::string> engine_networks = {};  // and those that it never does (plan)
  default_files defaults = {};                    // that nginx accepts (judge_defaults.h)
  std::size_t many_hosts = 500;   // from so many hosts without options of their own on, these are served by lines
  bool has_default_host = false;  // some host answers unknown host names (compose)
  bool has_tls = false;           // some host has a certificate: the others refuse the handshake (render_cache.h)
  bool operator==(const render_options&) const = default;
};

}  // namespace heberg::proxy
