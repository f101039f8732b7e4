// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the sessions' sshd runs, and start time and client of an open session, from /proc (tree/sessions.h finds the
// sessions).
#pragma once

#include "ledger/ledger.h"
#include "tree/sessions.h"

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace heberg::ctl {

struct session_row {
  std::string site;
  pid_t process = 0;
  std::optional<ledger::time> since;
  std::string client;  // "192.0.2.1:50000"; empty where it cannot be read
  auto operator<=>(const session_row&) const = default;
};

// As the engine has it. Where it cannot be asked: unknown, and problem says why.
[[nodiscard]] tree::sshd_place find_sshd(const std::string& engine, std::string& problem);

// Empty where the process is gone.
[[nodiscard]] std::optional<ledger::time> started_at(const std::string& procs, pid_t process);

// The peer of the process's connected TCP socket. Needs the right to read the process's descriptors: root on the host
// has it, syncd's container has not.
[[nodiscard]] std::string client_of(const std::string& procs, pid_t process);

// From the text of /proc/PID/net/tcp or tcp6: the peer of the socket with this inode, "" where it is not listed.
// Pure.
[[nodiscard]] std::string find_peer(std::string_view table, std::string_view inode);

[[nodiscard]] std::string print_table(std::span<const session_row> rows);
[[nodiscard]] std::string print_json(std::span<const session_row> rows);

}  // namespace heberg::ctl
