// SPDX-License-Identifier: LGPL-2.1-or-later
// How far heberg-syncd has forwarded a container's log: compares the engine's log with logs.db and with the sizes of
// the site's files.
#pragma once

#include "docker/log_decoder.h"
#include "log_positions/positions.h"
#include "program/settings.h"

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heberg::ctl {

// The engine's timestamp of the last complete line of each stream; 0: none.
using last_stamps = std::array<std::int64_t, 2>;

// From the engine's reply with timestamps. nullopt: it is invalid. Pure.
[[nodiscard]] std::optional<last_stamps> find_last_lines(std::string_view answer, bool tty);

struct engine_log {
  std::optional<last_stamps> last;
  std::string problem;  // the engine's error, where it cannot read that log; empty where the container is gone
};
[[nodiscard]] engine_log fetch_last_lines(const std::string& engine, const std::string& container, bool tty);

// Whether the line with this timestamp is in the site's file. file: the current file of that name in SITE/logs. A
// rotated file is another one, and complete. Pure.
[[nodiscard]] bool is_written(std::int64_t stamp, const std::string& container, docker::log_stream stream,
                              const logs::log_positions& known, const std::optional<struct stat>& file);

// The same for both streams of a container; reads the files below the sites root.
[[nodiscard]] std::array<bool, 2> are_written(const last_stamps& last, const std::string& container,
                                              const std::string& site, int root, const logs::log_positions& known);

// From logs.db. Throws sqlite::error.
[[nodiscard]] logs::log_positions read_log_positions(const settings& settings);

// Waits until everything that a stopped container has written is in its site's files. False where that takes too long,
// or cannot be known: heberg-syncd is not running, or cannot write.
[[nodiscard]] bool wait_for_log(const settings& settings, int root, const std::string& site,
                                const std::string& container,
                                std::chrono::milliseconds timeout = std::chrono::seconds(5));

}  // namespace heberg::ctl
