// SPDX-License-Identifier: LGPL-2.1-or-later
// What both hosts of a move share.
#pragma once

#include "archive/manifest.h"

#include <cstddef>
#include <string>

namespace heberg::ctl {

// In the sites root, until it is whole; no site's name begins with a dot.
[[nodiscard]] std::string incoming_name(const std::string& site);

struct tree_sum {
  std::string text;  // SHA-256, in hex, of the tree's manifest: content, kinds, links, names
  std::size_t files = 0;
};

// Reads all of it. tree: the open folder. Throws.
[[nodiscard]] tree_sum sum_of(const archive::head& about, int tree);

}  // namespace heberg::ctl
