// SPDX-License-Identifier: LGPL-2.1-or-later
// A daemon's notifications to systemd (sd_notify(3)). They do nothing where no service manager started the program
// ($NOTIFY_SOCKET is not set).
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace heberg {

void notify_ready();
void notify_status(const std::string& text);
void notify_alive();
void notify_stopping();

// How often notify_alive() is to be called (WatchdogSec=, divided by three); empty: never.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace heberg
