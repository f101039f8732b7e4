// SPDX-License-Identifier: LGPL-2.1-or-later
// The restic(1) repository of the sites. A snapshot is the archive of one site, uncompressed, so that restic stores
// only what has changed since the last one. All functions throw std::runtime_error with restic's own error text.
#pragma once

#include "program/settings.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::ctl {

struct snapshot {
  std::string id;
  std::string site;
  std::chrono::sys_seconds time;
};

// The file of the repository's password: the one that is set, but for the standard one the one in the private folder
// where that exists.
[[nodiscard]] std::string choose_password_file(const std::string& set,
                                               const std::string& standard = "/etc/heberg/backup.password",
                                               const std::string& private_one = "/etc/heberg/private/backup.password");

class restic {
 public:
  // Throws where the settings name no repository.
  explicit restic(const settings& settings);

  void init() const;
  void save(const std::string& site, int archive) const;  // an open file, from its beginning
  void load(const snapshot& from, int archive) const;     // into an open, empty file
  void forget_old() const;

  // Oldest first. Of all sites where none is given.
  [[nodiscard]] std::vector<snapshot> list(const std::string& site = {}) const;

 private:
  [[nodiscard]] std::string run(std::vector<std::string> arguments, int input = -1, int output = -1) const;

  const settings& settings_;
};

// Parses the output of `restic snapshots --json`. Throws where it is invalid.
[[nodiscard]] std::vector<snapshot> parse_snapshots(std::string_view text);

// The last snapshot at or before that time.
[[nodiscard]] std::optional<snapshot> choose_snapshot(const std::vector<snapshot>& all, std::chrono::sys_seconds at);

// "latest"; "2026-11-27" (its end), "2026-11-27 14:00", "2026-11-27T14:00:05", in local time.
// nullopt: invalid.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_date(std::string_view text);

}  // namespace heberg::ctl
