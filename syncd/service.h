// SPDX-License-Identifier: LGPL-2.1-or-later
// What systemd is told (sd_notify(3)): ready, status, alive, stopping. Nothing happens where it does not ask
// ($NOTIFY_SOCKET).
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace heberg::syncd {

void notify_ready();
void notify_status(const std::string& text);
void notify_alive();
void notify_stopping();

// How often notify_alive() is wanted; empty: never.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace heberg::syncd
