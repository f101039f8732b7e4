// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile/mounted_folder.h"

namespace heberg::syncd {

mount_verdict judge_mount(tree_look look, const std::optional<folder_identity>& in_tree,
                          const folder_identity& in_container) {
  if (in_container.is_removed) return mount_verdict::replaced;
  if (look == tree_look::link) return mount_verdict::foreign;
  if (look == tree_look::missing || !in_tree) return mount_verdict::replaced;
  if (in_tree->device == in_container.device && in_tree->inode == in_container.inode) return mount_verdict::sound;
  // The sysadmin exchanged the folder below a running container: the old one is the same owner's, on the same disk.
  const bool is_sites_own =
      in_tree->device == in_container.device && in_tree->owner == in_container.owner && in_container.owner != 0;
  return is_sites_own ? mount_verdict::replaced : mount_verdict::foreign;
}

}  // namespace heberg::syncd
