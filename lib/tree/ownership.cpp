// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/ownership.h"

#include <unistd.h>

#include <cerrno>

namespace heberg::tree {

int ownership::change(int fd, file_owner owner) {
  return ::fchown(fd, owner.uid, owner.gid) == 0 ? 0 : errno;
}

}  // namespace heberg::tree
