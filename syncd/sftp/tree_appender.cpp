// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/sftp/tree_appender.h"

#include "syncd/logs/log_file.h"

#include <cerrno>
#include <cstring>

namespace heberg::syncd {

std::string tree_appender::append(int root, const std::string& site, std::uint32_t group, const char* name,
                                  std::string_view lines) {
  const log_opener opener{.root = root, .owners = owners_.get(), .disk = disk_.get()};
  auto log = opener.open_or_make(site, name, group);
  if (log && is_rotation_due(log.status, max_size_, now_())) {
    if (const int error = rotator_.rotate(opener, log, site, name, now_()); error != 0)
      return std::string("cannot be rotated: ") + std::strerror(error);
    log = opener.open_or_make(site, name, group);
  }
  if (!log) return log.problem;
  for (auto at = log.status.st_size; !lines.empty();) {
    const auto written = disk_->write(log.file.get(), lines, at);
    if (written <= 0) {
      // No half line stays: the next one begins on a line of its own.
      (void)disk_->truncate(log.file.get(), log.status.st_size);
      return std::string("cannot be written: ") + std::strerror(written == 0 ? ENOSPC : static_cast<int>(-written));
    }
    at += written;
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace heberg::syncd
