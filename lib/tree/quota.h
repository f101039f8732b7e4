// SPDX-License-Identifier: LGPL-2.1-or-later
// A site's share of the disk: its limit, in .heberg/quota of its tree or else sites.quota and sites.quota_files; and what
// it uses, measured by a walk. Only www and .ssh count: logs are heberg's.
#pragma once

#include "tree/ownership.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heberg::tree {

struct quota {
  std::uint64_t bytes = 0;  // 0: no limit
  std::uint64_t files = 0;  // files, folders and links; 0: no limit
  bool operator==(const quota&) const = default;
  [[nodiscard]] bool is_set() const noexcept { return bytes != 0 || files != 0; }
};

// "5000000", "5g", "5g,100000" (k, m, g, t: powers of 1024), "none". nullopt: anything else. Pure.
[[nodiscard]] std::optional<quota> parse_quota(std::string_view text);
[[nodiscard]] std::string print_quota(const quota& limit);   // what parse_quota() reads
[[nodiscard]] std::string print_bytes(std::uint64_t bytes);  // "4.2 GiB"

struct disk_use {
  std::uint64_t bytes = 0;  // on the disk, a file with two names once
  std::uint64_t files = 0;
  bool is_complete = true;  // false: too deep, too many or too slow; it uses more
  bool operator==(const disk_use&) const = default;
};

// Of the site's www and .ssh below the sites root: no link followed, no other file system entered. Ends within the time.
[[nodiscard]] disk_use measure_use(int root, const std::string& site, std::chrono::milliseconds most);

// The fuller of the two, in per cent; nullopt: no limit. Pure.
[[nodiscard]] std::optional<unsigned> used_share(const disk_use& use, const quota& limit);

// The site's own limit, from its open folder .heberg; nullopt: it has none, or none that root wrote. store: nullopt
// removes it; throws std::system_error.
[[nodiscard]] std::optional<quota> read_quota(int secrets, const ownership& owners);
void store_quota(int secrets, const std::optional<quota>& limit);

}  // namespace heberg::tree
