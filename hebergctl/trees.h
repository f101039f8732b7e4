// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the sites' trees below the sites root, following no link.
#pragma once

#include "program/settings.h"
#include "tree/quota.h"
#include "tree/sites_root.h"

#include <optional>
#include <string>

namespace heberg::ctl {

// Throws, with the reason, where the root is missing or its owner or mode is wrong.
[[nodiscard]] tree::shared_fd open_root(const settings& settings);

// The text of a site's .heberg/authorized_keys; empty where there is none. Throws.
[[nodiscard]] std::string read_keys_of(const settings& settings, const std::string& site);

// Whether the site has a password file, with any content.
[[nodiscard]] bool has_password_file(int root, const std::string& site);

// What a site uses of the disk, and its limit: its own, or that of the settings. Throws where there is no tree.
struct disk_share {
  tree::disk_use use;
  tree::quota limit;
};
[[nodiscard]] disk_share read_disk_share(const settings& settings, const std::string& site);
[[nodiscard]] std::string print_disk_share(const disk_share& share);  // "1.2 GiB of 5.0 GiB, 300 files"

// nullopt: as in the settings. Throws.
void store_quota_of(const settings& settings, const std::string& site, const std::optional<tree::quota>& limit);

// The site's password, where its file holds it in plain text; else empty.
[[nodiscard]] std::string read_password_of(const settings& settings, const std::string& site);

}  // namespace heberg::ctl
