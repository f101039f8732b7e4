// SPDX-License-Identifier: LGPL-2.1-or-later
// An engine's times (RFC 3339, nanoseconds). GCC 12 has no std::chrono::parse.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace heberg::docker {

using engine_time = std::chrono::sys_time<std::chrono::nanoseconds>;

// "2026-11-24T17:17:53.615500361Z", or with an offset "+02:00". The epoch for anything else, and for years outside
// 1970–2199 (Go's zero time is in the year 1).
[[nodiscard]] engine_time parse_time(std::string_view text) noexcept;

// Seconds since the epoch; the epoch where they are beyond 2199.
[[nodiscard]] engine_time time_of(std::uint64_t seconds) noexcept;

}  // namespace heberg::docker
