// SPDX-License-Identifier: LGPL-2.1-or-later
// Sends lines to journald, too (logs.also): one entry each, with the site as a field, so that
// `journalctl HEBERG_SITE=site_1` shows it.
#pragma once

#include "docker/log_decoder.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::syncd {

// The fields of one line's entry, "NAME=value"; a line is not checked: journald takes any bytes. Pure.
[[nodiscard]] std::vector<std::string> journal_entry(const std::string& site, docker::log_stream stream,
                                                     std::string_view line);

// Sends each of the lines (all end in a newline). 0, or the errno value of the first that could not be sent; then the
// others were not tried.
[[nodiscard]] int send_to_journal(const std::string& site, docker::log_stream stream, std::string_view lines);

}  // namespace heberg::syncd
