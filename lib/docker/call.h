// SPDX-License-Identifier: LGPL-2.1-or-later
// One call to the engine, blocking: for a command that makes a container, not for a daemon's loop. The caller
// describes containers in the engine's own JSON; what goes into a target must be safe there (a name by
// is_object_name).
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace heberg::docker {

enum class method { get, post, erase };

struct call_answer {
  std::string problem;  // why there is no answer; else empty
  unsigned status = 0;  // HTTP's
  std::string body;
  [[nodiscard]] bool is_good() const noexcept { return problem.empty() && status >= 200 && status < 300; }
  // For a message: the problem, or the engine's message ({"message": "…"}).
  [[nodiscard]] std::string reason() const;
};

struct call_limits {
  std::chrono::milliseconds timeout{60'000};
  std::size_t bytes = 4 << 20;  // of the answer
};

// host as in watch_options. body: JSON, or empty. Throws std::invalid_argument for a host that is none.
[[nodiscard]] call_answer call(const std::string& host, method how, const std::string& target,
                               const std::string& body = {}, const call_limits& most = {});

// Any text as a part of a query (RFC 3986, 2.3).
[[nodiscard]] std::string encode_query(std::string_view text);

// Letters, digits, "_", "." and "-", not beginning with one of the last two: a container's name that a URL can hold.
[[nodiscard]] bool is_object_name(std::string_view name) noexcept;

}  // namespace heberg::docker
