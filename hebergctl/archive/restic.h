// SPDX-License-Identifier: LGPL-2.1-or-later
// restic(1)'s repository of the sites: one snapshot is one site's archive, uncompressed, so that restic finds what is
// the same as in the last one. All throw std::runtime_error with restic's own words.
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

class restic {
 public:
  // Throws where the settings name no repository.
  explicit restic(const settings& settings);

  void init() const;
  void save(const std::string& site, int archive) const;  // an open file, from its beginning
  void load(const snapshot& from, int archive) const;     // into an open, empty file
  void forget_old() const;

  // The oldest first; of all sites where none is named.
  [[nodiscard]] std::vector<snapshot> list(const std::string& site = {}) const;

 private:
  [[nodiscard]] std::string run(std::vector<std::string> words, int input = -1, int output = -1) const;

  const settings& settings_;
};

// From what `restic snapshots --json` prints. Throws for what is none.
[[nodiscard]] std::vector<snapshot> parse_snapshots(std::string_view text);

// The last one at that time or before it.
[[nodiscard]] std::optional<snapshot> choose_snapshot(const std::vector<snapshot>& all, std::chrono::sys_seconds at);

// "latest"; "2026-11-27" (its end), "2026-11-27 14:00", "2026-11-27T14:00:05", in local time. nullopt for what is none.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_date(std::string_view text);

}  // namespace heberg::ctl
