// SPDX-License-Identifier: LGPL-2.1-or-later
// The folder that contains the sites' trees. It and every folder above it must belong to root and be writable by root
// only: otherwise sshd refuses to chroot below it (sshd_config(5), ChrootDirectory), and somebody could replace a tree.
#pragma once

#include "base/unique_fd.h"
#include "tree/ownership.h"

#include <memory>
#include <string>
#include <variant>

namespace heberg::tree {

using shared_fd = std::shared_ptr<const unique_fd>;

struct root_problem {
  // Names the component: "/srv is writable by its group: sshd would refuse every session below it (chmod g-w /srv)".
  std::string reason;
  bool is_missing = false;  // the only problem: it does not exist, and was not to be made
};

enum class make_root { no, yes };

// Opens the sites root, an absolute path, component by component, following no link. A missing last component is made
// (0755) with make_root::yes. trusted: a prefix whose components are not checked, for tests that run below /tmp.
[[nodiscard]] std::variant<shared_fd, root_problem> open_sites_root(const std::string& path, const ownership& owners,
                                                                    make_root make, const std::string& trusted = {});

}  // namespace heberg::tree
