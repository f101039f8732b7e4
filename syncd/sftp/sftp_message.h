// SPDX-License-Identifier: LGPL-2.1-or-later
// What sshd's internal-sftp and the PAM module send to /dev/log (syslog(3), RFC 3164's form), and the line of sftp.log
// that becomes of it. Pure. Who sent it is not taken from here: anybody can write anything into a datagram.
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

// Whatever is not of that form is text as it is.
[[nodiscard]] syslog_message parse_syslog(std::string_view datagram);

// "2026-11-24T21:45:00Z [4711] TEXT\n": free of control characters, bounded. process: the sender's, 0 where it is
// unknown.
[[nodiscard]] std::string format_sftp_line(std::chrono::system_clock::time_point now, int process,
                                           std::string_view text);

}  // namespace heberg::syncd
