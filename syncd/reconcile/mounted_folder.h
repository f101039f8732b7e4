// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a container has mounted the folder of the site's tree that its mount names, or what a link in its place led
// the engine to. Pure: mount_witness.h looks.
#pragma once

#include <cstdint>
#include <optional>

namespace heberg::syncd {

// A folder, as fstat(2) has it.
struct folder_identity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint32_t owner = 0;
  bool is_removed = false;  // it has no name any more
};

enum class tree_look {
  found,    // the folder is there, without a link on the way
  missing,  // nothing bears the name
  link,     // a link is on the way, or the path leaves the tree
};

enum class mount_verdict {
  sound,
  replaced,  // the tree's folder was removed or exchanged since the container started: it has the old one
  foreign,   // the container has something else of the host
};

// in_tree: only where it was found. in_container: of the mount in the container's own view.
[[nodiscard]] mount_verdict judge_mount(tree_look look, const std::optional<folder_identity>& in_tree,
                                        const folder_identity& in_container);

}  // namespace heberg::syncd
