// SPDX-License-Identifier: LGPL-2.1-or-later
// What the engine reports of one container, as plain values. Everything in here is hostile input: bounded in size by
// the parser (lib/docker/parse.h), but not checked; lib/site checks it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heberg::docker {

enum class container_state { created, running, paused, restarting, removing, exited, dead, unknown };
enum class health { none, starting, healthy, unhealthy };

struct mount {
  std::string type;         // "bind", "volume", "tmpfs"
  std::string name;         // of a volume
  std::string source;       // path on the engine's host
  std::string destination;  // path in the container
  bool writable = true;
  auto operator<=>(const mount&) const = default;
};

struct port {
  std::uint16_t number = 0;
  std::string protocol;  // "tcp", "udp", "sctp"
  auto operator<=>(const port&) const = default;
};

struct network {
  std::string name;
  std::string id;
  std::string ipv4;  // empty while the container does not run
  std::string ipv6;
  std::string gateway = {};  // IPv4; empty on an internal network
  auto operator<=>(const network&) const = default;
};

struct container {
  std::string id;        // 64 hexadecimal digits
  std::string name;      // without the leading slash
  std::string image;     // as it was asked for (Config.Image): "php:apache"
  std::string image_id;  // "sha256:…"
  std::string user;      // Config.User
  std::chrono::sys_time<std::chrono::nanoseconds> created;
  std::chrono::sys_time<std::chrono::nanoseconds> started;  // the last time; the epoch where it never was
  std::uint32_t restarts = 0;                               // by the engine's restart policy, since it was created
  container_state state = container_state::unknown;
  enum health health = health::none;
  bool inspected =
      true;  // false: the engine lists it, but could not be asked more: environment, user and tty are unknown
  bool tty = false;
  bool host_network = false;
  std::string network_of;  // the id of the container whose network it shares; then it has no networks itself
  std::vector<std::pair<std::string, std::string>> environment;  // in the engine's order; the last of a name wins
  std::map<std::string, std::string> labels;
  std::vector<mount> mounts;        // sorted by destination
  std::vector<port> exposed_ports;  // NetworkSettings.Ports, or Config.ExposedPorts where that is empty; sorted
  std::vector<network> networks;    // sorted by name

  bool operator==(const container&) const = default;

  [[nodiscard]] bool is_up() const noexcept {
    return state == container_state::running || state == container_state::paused;
  }
};

// The value of an environment variable or a label; nullptr where there is none. Exact match.
[[nodiscard]] const std::string* find_environment(const container& c, std::string_view name) noexcept;
[[nodiscard]] const std::string* find_label(const container& c, std::string_view name) noexcept;

}  // namespace heberg::docker
