// SPDX-License-Identifier: LGPL-2.1-or-later
// What the engine reports of one container, as plain values. Everything in here is hostile input: bounded in size by
// the parser (lib/docker/parse.h), but not checked; lib/site checks it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
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
  std::string gateway = {};      // IPv4; empty on an internal network
  std::string mac = {};          // "02:42:ac:11:00:02"; empty while the container does not run
  std::uint8_t ipv4_prefix = 0;  // the subnet's length; 0: unknown
  std::uint8_t ipv6_prefix = 0;
  auto operator<=>(const network&) const = default;
};

// What an image gives to every container of it, unless who starts the container says otherwise.
struct image_config {
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> labels;
  bool is_unknown = false;  // the engine has no such image any more: which values are its own cannot be told
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
  std::uint32_t pid = 0;  // of its first process, in the engine's PID namespace; 0: none runs, or it is not inspected
  container_state state = container_state::unknown;
  enum health health = health::none;
  bool inspected =
      true;  // false: the engine lists it, but could not be asked more: environment, user and tty are unknown
  bool tty = false;
  bool host_network = false;
  std::string network_of;  // the id of the container whose network it shares; then it has no networks itself
  std::vector<std::pair<std::string, std::string>> environment;  // in the engine's order; the last of a name wins
  std::map<std::string, std::string> labels;
  std::shared_ptr<const image_config>
      image_gives;                  // one for all containers of the image; nullptr: it was not asked for
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

// Whether the image has this very value, so that it need not be the one who started the container that set it.
[[nodiscard]] bool is_images_environment(const container& c, std::string_view name, std::string_view value);
[[nodiscard]] bool is_images_label(const container& c, std::string_view name, std::string_view value);

}  // namespace heberg::docker
