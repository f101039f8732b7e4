// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/limits.h"

#include "site/values.h"

namespace heberg::site {
namespace {

constexpr std::uint64_t k_keepalive_max = 1000;

constexpr std::array<std::pair<std::string_view, balance>, 3> k_balances = {
    {{"round_robin", balance::round_robin}, {"least_conn", balance::least_conn}, {"ip_hash", balance::ip_hash}}};

}  // namespace

std::variant<limits, refused_value> limits_of(const docker::container& container) {
  limits found;
  if (const auto text = read_value(container, "MAX_BODY"); !text.empty()) {
    found.max_body = parse_bytes(text);
    if (!found.max_body)
      return refuse("MAX_BODY", text, "is not a size: use a number with k, m or g such as 64m, or 0");
  }
  if (const auto text = read_value(container, "READ_TIMEOUT"); !text.empty()) {
    found.read_timeout = parse_seconds(text);
    if (!found.read_timeout)
      return refuse("READ_TIMEOUT", text, "is not a time from 1s to 24h: use a number with s, m or h such as 90s");
  }
  if (const auto text = read_value(container, "LOADBALANCE"); !text.empty()) {
    const auto known = parse_choice(text, k_balances);
    if (!known) return refuse_choice("LOADBALANCE", text);
    found.balance = *known;
  }
  if (const auto text = read_value(container, "KEEPALIVE"); text == "disabled") {
    found.keepalive = 0;
  } else if (!text.empty() && text != "auto") {
    const auto number = parse_number(text, 0, k_keepalive_max);
    if (!number) return refuse("KEEPALIVE", text, "is not one of auto, disabled, a number up to 1000");
    found.keepalive = static_cast<std::uint32_t>(*number);
  }
  return found;
}

}  // namespace heberg::site
