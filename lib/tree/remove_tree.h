// SPDX-License-Identifier: LGPL-2.1-or-later
// Removes a folder with its contents, through descriptors: renames and links that its owner makes meanwhile lead out of
// it nowhere.
#pragma once

#include <string>

namespace heberg::tree {

// name: one path component in the open folder. A missing tree is no error. Throws std::system_error.
void remove_tree(int folder, const std::string& name);

}  // namespace heberg::tree
