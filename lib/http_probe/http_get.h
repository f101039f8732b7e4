// SPDX-License-Identifier: LGPL-2.1-or-later
// One plain HTTP/1.1 GET to a port of the loopback, as nginx here is asked: for its configuration's generation, for a
// site's page. No TLS, no redirect, one connection for one request.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace heberg::http_probe {

struct get_request {
  std::uint16_t port = 80;
  bool proxy_line = false;  // "PROXY UNKNOWN" before the request: nginx expects the PROXY protocol there
  std::string host;         // the Host header's value: a sound host name
  std::string target = "/";
  std::string user_agent = {};           // empty: no such header
  std::size_t body_max = 0;              // bytes; what is beyond is not read. 0: the body is not read at all
  std::chrono::milliseconds deadline{};  // for all of it
};

struct get_response {
  unsigned status = 0;
  std::string body;  // of an answer that was cut off: what came of it
};

// Waits for the answer. Empty: nothing listens there, or no HTTP answer came in time.
[[nodiscard]] std::optional<get_response> get(const get_request& request);

}  // namespace heberg::http_probe
