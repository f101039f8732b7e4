// SPDX-License-Identifier: LGPL-2.1-or-later
// Ends the open sessions of accounts: finds the sshd processes of their UIDs and kills them. Only sshd's own: PHP in a
// site's container may run under the same UID, and root there under any, and may call itself sshd. So a session is
// told by where it comes from, which no process can change: it descends from heberg-sftp's first process, or, on a
// host whose own sshd serves the sites, it is in no container and a child of root's sshd. One scan of /proc serves any
// number of accounts.
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

inline constexpr std::string_view k_sshd_container = "heberg-sftp";

// Where sshd runs.
struct sshd_place {
  bool is_known = false;  // false: nobody could say; then any sshd is taken for the one that serves the sites
  pid_t container = 0;    // the first process of heberg-sftp, as /proc has it; 0: it does not run
};

// From the text of /proc/PID/status: is this an sshd that serves a session of this UID? Such an sshd has dropped root
// completely, so all four IDs of "Uid:" are the account's. Pure.
[[nodiscard]] bool is_session_of(std::string_view status, std::uint32_t uid);

// The sessions of these UIDs. procs: "/proc", or a test's folder in its place. Throws std::system_error where it cannot
// be read.
[[nodiscard]] std::vector<session> find_sessions(const std::string& procs, const std::set<std::uint32_t>& uids,
                                                 const sshd_place& sshd);

// Kills these sessions, but no process that has reused a PID meanwhile (pidfd_open(2)). Returns the killed ones.
std::vector<session> kill_sessions(const std::string& procs, const std::vector<session>& sessions,
                                   const sshd_place& sshd);

}  // namespace heberg::tree
