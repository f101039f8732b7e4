// SPDX-License-Identifier: LGPL-2.1-or-later
// A text that changes when a file does. It is written into a comment of nginx's configuration, so that a replaced file
// makes a new configuration.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>

namespace heberg::proxy {

[[nodiscard]] std::string stamp_of(const struct ::stat& file);

// Nothing where it is not a regular file. Follows links: certbot's and dehydrated's certificates are.
[[nodiscard]] std::optional<std::string> stamp_of(const std::filesystem::path& path);

}  // namespace heberg::proxy
