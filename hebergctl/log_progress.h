// SPDX-License-Identifier: LGPL-2.1-or-later
// How far heberg-syncd's forwarder is with a container: what the engine holds of its log, against what logs.db says is
// in the site's files, and their sizes.
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

// The stamp of the last whole line of each stream, as the engine has it; 0: none.
using last_stamps = std::array<std::int64_t, 2>;

// Of an answer of the engine's, with timestamps. Pure.
[[nodiscard]] std::optional<last_stamps> find_last_lines(std::string_view answer, bool tty);

struct engine_log {
  std::optional<last_stamps> last;
  std::string problem;  // the engine's words, where it cannot read that log; empty where the container is gone
};
[[nodiscard]] engine_log fetch_last_lines(const std::string& engine, const std::string& container, bool tty);

// Is a stream's line of that stamp in its site's file? file: what SITE/logs has under the log's name now; one that was
// put aside meanwhile is another, and whole. Pure.
[[nodiscard]] bool is_written(std::int64_t stamp, const std::string& container, docker::log_stream stream,
                              const logs::log_positions& known, const std::optional<struct stat>& file);

// Both streams of a container of a site's; looks below the sites root.
[[nodiscard]] std::array<bool, 2> are_written(const last_stamps& last, const std::string& container,
                                              const std::string& site, int root, const logs::log_positions& known);

// logs.db's. Throws sqlite::error.
[[nodiscard]] logs::log_positions read_log_positions(const settings& settings);

// Waits until what a container of ours has said is in its site's files; it is stopped, and says nothing more. False
// where that takes too long, or cannot be known: heberg-syncd does not run, or cannot write.
[[nodiscard]] bool wait_for_log(const settings& settings, int root, const std::string& site,
                                const std::string& container,
                                std::chrono::milliseconds patience = std::chrono::seconds(5));

}  // namespace heberg::ctl
