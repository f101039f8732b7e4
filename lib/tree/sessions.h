// SPDX-License-Identifier: LGPL-2.1-or-later
// Ends the open sessions of accounts: finds the sshd processes of their UIDs and kills them. Only sshd's: PHP in a
// site's container may run under the same UID. One scan of /proc serves any number of accounts.
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

// From the text of /proc/PID/status: is this an sshd that serves a session of this UID? Such an sshd has dropped root
// completely, so all four IDs of "Uid:" are the account's. Pure.
[[nodiscard]] bool is_session_of(std::string_view status, std::uint32_t uid);

// The sessions of these UIDs. procs: "/proc", or a test's folder in its place. Throws std::system_error where it cannot
// be read.
[[nodiscard]] std::vector<session> find_sessions(const std::string& procs, const std::set<std::uint32_t>& uids);

// Kills these sessions, but no process that has reused a PID meanwhile (pidfd_open(2)). Returns the killed ones.
std::vector<session> kill_sessions(const std::string& procs, const std::vector<session>& sessions);

}  // namespace heberg::tree
