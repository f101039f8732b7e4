// SPDX-License-Identifier: LGPL-2.1-or-later
// Parses the messages of sshd's internal-sftp and of the PAM module to /dev/log (syslog(3), in the format of RFC 3164),
// and formats the lines of sftp.log. Pure. The sender's identity is not taken from here: anybody can write any text
// into a datagram.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace heberg::syncd {

inline constexpr std::size_t k_sftp_text_max = 1000;  // bytes of a message; the rest is left out, and marked

struct syslog_message {
  int severity = 6;       // syslog(3): 3 error, 4 warning, 5 notice, 6 info, 7 debug
  std::string_view text;  // without priority, time, program and line ends
};

// A datagram in another format is text as a whole.
[[nodiscard]] syslog_message parse_syslog(std::string_view datagram);

// "2026-11-24T21:45:00Z [4711] TEXT\n": free of control characters, bounded. process: the sender's, 0 where it is
// unknown.
[[nodiscard]] std::string format_sftp_line(std::chrono::system_clock::time_point now, int process,
                                           std::string_view text);

}  // namespace heberg::syncd
