// SPDX-License-Identifier: LGPL-2.1-or-later
// The folder that holds the sites' trees. sshd chroots below it only where it and every folder above it are root's and
// writable by nobody else (sshd_config(5), ChrootDirectory); so does syncd work there only then: who can write to one
// of them could swap a tree.
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
  bool is_missing = false;  // nothing is wrong, but that it was not to be made
};

enum class make_root { no, yes };

// Opens the sites root, an absolute path, component by component, following no link. A missing last component is made
// (0755) where asked. trusted: a prefix whose components are not judged, for tests that run below /tmp.
[[nodiscard]] std::variant<shared_fd, root_problem> open_sites_root(const std::string& path, const ownership& owners,
                                                                    make_root make, const std::string& trusted = {});

}  // namespace heberg::tree
