// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the files in NAME/.heberg on the sysadmin's command: password (0600) and authorized_keys (0644, read by sshd
// as the site's user). As in password_file.h no link is followed, and the folder must belong to root and be writable by
// root only. folder: the open .heberg. All functions throw.
#pragma once

#include "tree/layout.h"
#include "tree/ownership.h"
#include "tree/secret.h"

#include <string>
#include <string_view>

namespace heberg::tree {

// Its text; empty where there is no file. An error where it is not a regular file of root's with one link, or too
// large.
[[nodiscard]] std::string read_keys(int folder, const ownership& owners);

// Replaces any file of that name, completely or not at all.
void replace_keys(int folder, std::string_view text, ownership& owners);
void replace_password(int folder, const secret& line, ownership& owners);

}  // namespace heberg::tree
