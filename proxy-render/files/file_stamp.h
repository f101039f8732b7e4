// SPDX-License-Identifier: LGPL-2.1-or-later
// A text that changes when a file of the sysadmin's does: it stands in a comment of nginx's text, so that a file that
// was replaced makes a new text.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>

namespace heberg::proxy {

[[nodiscard]] std::string stamp_of(const struct ::stat& file);

// Nothing where it is no regular file. Follows links: certbot's and dehydrated's certificates are.
[[nodiscard]] std::optional<std::string> stamp_of(const std::filesystem::path& path);

}  // namespace heberg::proxy
