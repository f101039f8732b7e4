// SPDX-License-Identifier: LGPL-2.1-or-later
// Cutting the open sessions of accounts that are no more: the site's sshd processes are found by UID and killed. Only
// sshd's: PHP in the site's container may run under the same UID. One scan of /proc serves any number of accounts.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::tree {

struct session {
  pid_t process = 0;
  std::uint32_t uid = 0;
};

// From the text of /proc/PID/status: is this an sshd that serves a session of this UID? sshd gives up root for good
// then, so all four ids of "Uid:" are the account's. Pure.
[[nodiscard]] bool is_session_of(std::string_view status, std::uint32_t uid);

// The sessions of these UIDs. procs: "/proc", or a stand-in. Throws std::system_error where it cannot be read.
[[nodiscard]] std::vector<session> find_sessions(const std::string& procs, const std::set<std::uint32_t>& uids);

// Kills those that are still what they were when they were found; a PID that was reused meanwhile is left alone
// (pidfd_open(2)). Returns those that were killed.
std::vector<session> kill_sessions(const std::string& procs, const std::vector<session>& sessions);

}  // namespace heberg::tree
