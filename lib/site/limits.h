// SPDX-License-Identifier: LGPL-2.1-or-later
// Size and time limits, and load balancing among a site's containers: MAX_BODY, READ_TIMEOUT, LOADBALANCE, KEEPALIVE.
// Pure.
#pragma once

#include "site/hosts.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>

namespace heberg::site {

enum class balance { round_robin, least_conn, ip_hash };

struct limits {
  std::optional<std::uint64_t> max_body;             // bytes, 0: no limit; nothing: proxy.max_body
  std::optional<std::chrono::seconds> read_timeout;  // for the container's next byte; nothing: the proxy's default
  enum balance balance = balance::round_robin;
  std::optional<std::uint32_t> keepalive;  // idle connections to all of its containers, 0: none; nothing: two for each
  bool operator==(const limits&) const = default;
};

[[nodiscard]] std::variant<limits, refused_value> limits_of(const docker::container& container);

}  // namespace heberg::site
