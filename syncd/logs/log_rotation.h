// SPDX-License-Identifier: LGPL-2.1-or-later
// When a log is rotated, and under which name. The file itself is renamed, so its owner, mode and bytes stay as they
// are; the next write makes a new one. Whoever rotates tells the archive, which compresses and prunes: one class does
// both, so that no log grows without end.
#pragma once

#include "syncd/logs/log_file.h"

#include <sys/stat.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace heberg::syncd {

// Larger than `max_size`, or last written on another day than now, by the machine's local time. An empty one never.
[[nodiscard]] bool is_rotation_due(const struct stat& file, std::uint64_t max_size, std::time_t now);

// "access.log-20261124-173000": sorts by age.
[[nodiscard]] std::string rotated_name(std::string_view name, std::time_t now);

// Whether a file in the folder is a rotated one of `name`, compressed or not.
[[nodiscard]] bool is_rotated(std::string_view file, std::string_view name);

// What compresses and prunes (log_archive.h).
class rotated_logs {
 public:
  virtual ~rotated_logs() = default;
  // There may be something to do in SITE/logs below this root, whose descriptor need not stay open.
  virtual void push(int root, const std::string& site) = 0;
};

class log_rotator {
 public:
  explicit log_rotator(rotated_logs& archive) : archive_(archive) {}

  // Renames the open log SITE/logs/NAME to its rotated name; where that is taken, to the next that is not
  // ("…-173000.1"). 0 or an errno value.
  [[nodiscard]] int rotate(const log_opener& opener, const opened_log& log, const std::string& site,
                           const std::string& name, std::time_t now) const;

 private:
  rotated_logs& archive_;
};

}  // namespace heberg::syncd
