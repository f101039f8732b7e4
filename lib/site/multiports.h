// SPDX-License-Identifier: LGPL-2.1-or-later
// VIRTUAL_HOST_MULTIPORTS: several names, paths and ports of one container, as nginx-proxy has them, in YAML or JSON:
//
//   www.example.org:
//     "/":      {port: 8080}
//     "/admin": {port: 9000, dest: "/", proto: https}
//   api.example.org:            # "/" and the container's usual port
//   "*.example.net": {external_http_port: 8888, "/": {port: 80}}
//
// It replaces VIRTUAL_HOST, VIRTUAL_PORT, VIRTUAL_PATH, VIRTUAL_DEST and VIRTUAL_PROTO. Hostile: bounded in size, depth
// and count; anchors and unknown keys are refused. Pure.
#pragma once

#include "site/external_ports.h"
#include "site/hosts.h"
#include "site/paths.h"

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

namespace heberg::site {

inline constexpr std::size_t k_multiports_bytes_max = 16 * 1024;
inline constexpr std::size_t k_multiports_paths_max = 1024;  // of all names together

struct multiport {
  struct host host;
  struct route route;
  std::uint16_t port = 0;
  external_ports external;
  bool operator==(const multiport&) const = default;
};

// Sorted by host; empty where the container does not set the variable, or sets it to blanks.
[[nodiscard]] std::variant<std::vector<multiport>, refused_value> multiports_of(const docker::container& container);

}  // namespace heberg::site
