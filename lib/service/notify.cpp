// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/notify.h"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace heberg {

void notify_ready() {
  ::sd_notify(0, "READY=1");
}
void notify_status(const std::string& text) {
  ::sd_notify(0, ("STATUS=" + text).c_str());
}
void notify_alive() {
  ::sd_notify(0, "WATCHDOG=1");
}
void notify_stopping() {
  ::sd_notify(0, "STOPPING=1");
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds / 3);  // two may be missed
}

}  // namespace heberg
