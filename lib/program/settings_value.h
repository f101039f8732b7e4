// SPDX-License-Identifier: LGPL-2.1-or-later
// Values of heberg.toml as text: durations, sizes, paths, networks, ports. Used by settings.cpp, and by who uses a value
// that settings.h has as text; without toml++, so that these rules can be tested by themselves.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace heberg {

// "100ms", "5s", "2m", "12h", "7d": digits and a unit. Nothing for anything else, or for what does not fit.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;

// Bytes: "500", "10MB" (powers of 1000), "10MiB" (of 1024), "64m" (as nginx means it: of 1024). Nothing for anything
// else.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

// An absolute path without "." or ".." components or control characters, its needless slashes dropped: "/sites/" is
// "/sites".
[[nodiscard]] std::optional<std::string> parse_path(std::string_view text);

// "unix:///PATH" or "tcp://HOST:PORT". The docker library checks the rest.
[[nodiscard]] bool is_engine_host(std::string_view text) noexcept;

// As the engine takes it.
[[nodiscard]] bool is_container_name(std::string_view name) noexcept;

// "192.0.2.1", "192.0.2.0/24", "2001:db8::/32": as inet_ntop(3) writes it, the bits behind the prefix zero.
[[nodiscard]] std::optional<std::string> parse_network(std::string_view text);

// "8081", "9000-9010": the first and the last port.
[[nodiscard]] std::optional<std::pair<std::uint16_t, std::uint16_t>> parse_port_range(std::string_view text) noexcept;

// "NAME OWNER": two words.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> parse_word_pair(std::string_view text);

// "tcp/25", "udp/5000-5010": a protocol and a port of 1 to 65535, or a range of them with the lower one first.
[[nodiscard]] bool is_host_port(std::string_view text) noexcept;

// "pid:FILE", "container:NAME" or "command:COMMAND".
[[nodiscard]] bool is_reload(std::string_view text);

}  // namespace heberg
