// SPDX-License-Identifier: LGPL-2.1-or-later
// What an engine answers, as plain values. Pure; never throws on input, never gives more than the bounds below. A field
// that is missing or of a wrong type is as if it were empty, save the ids, without which an answer is an error.
#pragma once

#include "docker/container.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::docker {

inline constexpr std::size_t k_list_bytes_max = 64 << 20;    // 10,000 containers are about 20 MB
inline constexpr std::size_t k_inspect_bytes_max = 4 << 20;  // execve(2) gives a container 2 MB of environment at most
inline constexpr std::size_t k_event_bytes_max = 1 << 20;    // an event carries the container's labels
inline constexpr std::size_t k_version_bytes_max = 64 << 10;
inline constexpr std::size_t k_containers_max = 100'000;  // in a list
inline constexpr std::size_t k_values_max = 65'536;       // of one container, kept: variables, labels, ports, …
inline constexpr std::size_t k_ports_max = 1024;          // of one container; more are not kept

template <class type>
struct parsed {
  std::optional<type> value;
  std::string problem;  // where there is no value: why
};

struct api_version {
  int major = 0;
  int minor = 0;
  auto operator<=>(const api_version&) const = default;
};

// "1.41"
[[nodiscard]] std::optional<api_version> parse_api_version(std::string_view text) noexcept;
[[nodiscard]] std::string to_string(api_version version);

struct engine_version {
  api_version newest;  // ApiVersion
  api_version oldest;  // MinAPIVersion; 0.0 where the engine does not report it
};

// What an event means to us.
enum class event_kind { other, changed, gone };

struct event {
  event_kind kind = event_kind::other;
  std::string id;  // of the container; empty for `other`
};

// 64 lower-case hexadecimal digits: safe in a URL.
[[nodiscard]] bool is_container_id(std::string_view id) noexcept;
// The same, with or without "sha256:" before it.
[[nodiscard]] bool is_image_id(std::string_view id) noexcept;

// An answer about a container that is gone: 404, or Podman's 500 for one that went while it was being asked (seen with
// 4.3.1).
[[nodiscard]] bool is_no_such_container(unsigned status, std::string_view body) noexcept;
// Does a refusal of its log mean that the container is being removed, or that a removal has left it dead?
[[nodiscard]] bool is_being_removed(unsigned status, std::string_view body) noexcept;

[[nodiscard]] parsed<engine_version> parse_version(std::string_view text);  // GET /version
[[nodiscard]] parsed<container> parse_inspect(std::string_view text);       // GET /containers/ID/json
[[nodiscard]] parsed<image_config> parse_image(std::string_view text);      // GET /images/ID/json
[[nodiscard]] parsed<event> parse_event(std::string_view line);             // one line of GET /events

// GET /containers/json: containers as a list has them, `inspected` false. Entries without a sound id are left out.
[[nodiscard]] parsed<std::vector<container>> parse_list(std::string_view text);

}  // namespace heberg::docker
