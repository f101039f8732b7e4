// SPDX-License-Identifier: LGPL-2.1-or-later
// Where an engine listens, from the text of DOCKER_HOST. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace heberg::docker {

struct unix_endpoint {
  std::string path;
  bool operator==(const unix_endpoint&) const = default;
};

struct tcp_endpoint {
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 2375;
  bool operator==(const tcp_endpoint&) const = default;
};

using endpoint = std::variant<unix_endpoint, tcp_endpoint>;

// "unix:///PATH", "tcp://HOST:PORT" or "tcp://HOST". Throws std::invalid_argument that names the text for anything
// else, and for a path that no socket address can hold.
[[nodiscard]] endpoint parse_endpoint(std::string_view text);

}  // namespace heberg::docker
