// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the sites' trees below the sites root, following no link.
#pragma once

#include "program/settings.h"
#include "tree/sites_root.h"

#include <string>

namespace heberg::ctl {

// Throws, with the reason, where the root is missing or its owner or mode is wrong.
[[nodiscard]] tree::shared_fd open_root(const settings& settings);

// The text of a site's .heberg/authorized_keys; empty where there is none. Throws.
[[nodiscard]] std::string read_keys_of(const settings& settings, const std::string& site);

// Whether the site has a password file, with any content.
[[nodiscard]] bool has_password_file(int root, const std::string& site);

// The site's password, where its file holds it in plain text; else empty.
[[nodiscard]] std::string read_password_of(const settings& settings, const std::string& site);

}  // namespace heberg::ctl
