// SPDX-License-Identifier: LGPL-2.1-or-later
// One line for each event on stderr, which journald reads (sd-daemon(3) "<N>" prefixes where stderr is the journal).
// Control characters in a message are written as \xNN, so that no container can forge a line.
#pragma once

#include <string>
#include <string_view>

namespace heberg {

enum class level { error = 3, warning = 4, info = 6, debug = 7 };  // syslog(3)'s numbers

void log(level level, std::string_view message);
void set_log_level(level most_verbose) noexcept;  // default: info

// The message as log() writes it: control characters and bytes that are not UTF-8 as \xNN, cut at 8000 bytes.
[[nodiscard]] std::string escape_line(std::string_view text);

}  // namespace heberg
