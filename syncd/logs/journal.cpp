// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/journal.h"

#include <systemd/sd-journal.h>

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

namespace heberg::syncd {

std::vector<std::string> journal_entry(const std::string& site, docker::log_stream stream, std::string_view line) {
  const bool is_error = stream == docker::log_stream::error;
  return {"MESSAGE=" + std::string(line), is_error ? "PRIORITY=4" : "PRIORITY=6", "SYSLOG_IDENTIFIER=heberg",
          "HEBERG_SITE=" + site, is_error ? "HEBERG_STREAM=error" : "HEBERG_STREAM=access"};
}

int send_to_journal(const std::string& site, docker::log_stream stream, std::string_view lines) {
  // systemd-journald.service(8) names it. libsystemd says nothing where it is not there, and drops the line.
  if (::access("/run/systemd/journal/socket", F_OK) != 0) return errno;
  while (!lines.empty()) {
    const auto size = lines.find('\n');
    auto entry = journal_entry(site, stream, lines.substr(0, size));
    lines.remove_prefix(size == std::string_view::npos ? lines.size() : size + 1);
    std::vector<iovec> fields;
    for (auto& field : entry) fields.push_back({field.data(), field.size()});
    if (const int error = ::sd_journal_sendv(fields.data(), static_cast<int>(fields.size())); error < 0) return -error;
  }
  return 0;
}

}  // namespace heberg::syncd
