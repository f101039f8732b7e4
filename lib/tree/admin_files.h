// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's files in NAME/.heberg, written at his word: password (0600) and authorized_keys (0644, read by sshd as
// the site's user). Here as with password_file.h: nothing is followed, and only a folder of root's that nobody else can
// write to is believed. folder: the open .heberg. All throw.
#pragma once

#include "tree/layout.h"
#include "tree/ownership.h"
#include "tree/secret.h"

#include <string>
#include <string_view>

namespace heberg::tree {

// Its text; empty where there is none. An error where it is no regular file of root's with one name, or too large.
[[nodiscard]] std::string read_keys(int folder, const ownership& owners);

// Written new, whole or not at all, in place of whatever bears the name.
void replace_keys(int folder, std::string_view text, ownership& owners);
void replace_password(int folder, const secret& line, ownership& owners);

}  // namespace heberg::tree
