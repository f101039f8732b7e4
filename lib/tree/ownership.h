// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads and changes the owner of a file: the two operations below a site's tree that need root. Injected, so that the
// tests of the rules about trees and password files need no root.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

namespace heberg::tree {

struct file_owner {
  uid_t uid = 0;
  gid_t gid = 0;
  bool operator==(const file_owner&) const = default;
};

class ownership {
 public:
  virtual ~ownership() = default;
  [[nodiscard]] virtual file_owner of(const struct stat& file) const { return {file.st_uid, file.st_gid}; }
  // fchown(2): 0 or an errno value.
  [[nodiscard]] virtual int change(int fd, file_owner owner);
};

}  // namespace heberg::tree
