// SPDX-License-Identifier: LGPL-2.1-or-later
// Other programs' processes, from /proc: proc(5), pidfd_open(2).
#pragma once

#include "base/unique_fd.h"

#include <sys/types.h>

#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace heberg::tree {

template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The value of "Name:\tvalue\n" in the text of /proc/PID/status; empty where there is none. Pure.
[[nodiscard]] std::string_view status_field(std::string_view status, std::string_view name);

// Opens procs: "/proc", or a test's folder in its place. Throws std::system_error.
[[nodiscard]] unique_fd open_procs(const std::string& procs);

// The text of /proc/PID/status; empty where the process is gone.
[[nodiscard]] std::string read_status(int procs, pid_t process);

// Calls visit with each process's PID and effective UID. Throws std::system_error where procs cannot be read.
void for_each_process(int procs, const std::function<void(pid_t process, uid_t uid)>& visit);

// Sends a signal to the process if it is still the one that is meant: is_meant(its status) is called while a descriptor
// keeps its PID from being reused. False where it is another process, or the signal failed.
bool signal_if(int procs, pid_t process, int signal, const std::function<bool(std::string_view status)>& is_meant);

}  // namespace heberg::tree
