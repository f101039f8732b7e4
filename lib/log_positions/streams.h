// SPDX-License-Identifier: LGPL-2.1-or-later
// A container's two streams, and the file of each in SITE/logs.
#pragma once

#include "docker/log_decoder.h"

#include <array>
#include <cstddef>

namespace heberg::logs {

inline constexpr std::array<docker::log_stream, 2> k_log_streams = {docker::log_stream::out, docker::log_stream::error};

constexpr std::size_t index_of(docker::log_stream stream) noexcept {
  return static_cast<std::size_t>(stream);
}

// The file of a stream, in SITE/logs.
constexpr const char* log_name(docker::log_stream stream) noexcept {
  return stream == docker::log_stream::out ? "access.log" : "error.log";
}

}  // namespace heberg::logs
