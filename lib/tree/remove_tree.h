// SPDX-License-Identifier: LGPL-2.1-or-later
// Removes a folder with all that is in it, by descriptors: what its owner renames or links meanwhile leads nowhere.
#pragma once

#include <string>

namespace heberg::tree {

// name: one path component in the open folder. A tree that is not there is no error. Throws std::system_error.
void remove_tree(int folder, const std::string& name);

}  // namespace heberg::tree
