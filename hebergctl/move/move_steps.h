// SPDX-License-Identifier: LGPL-2.1-or-later
// Shared by both hosts of a move, and by the other verbs that must know of one.
#pragma once

#include "archive/manifest.h"
#include "program/settings.h"

#include <cstddef>
#include <string>

namespace heberg::ctl {

// A move's file in the state folder, for root alone:
//   SITE.json     on the host that the site leaves
//   SITE.awaited  on the other host
[[nodiscard]] std::string move_file(const settings& settings, const std::string& name);
void write_move_file(const settings& settings, const std::string& name, const std::string& text);
void remove_move_file(const settings& settings, const std::string& name);

// The lock reason of a site that is being moved.
[[nodiscard]] std::string move_reason(const std::string& host);

// The other host, for a site that is stopped for its move; else empty.
[[nodiscard]] std::string moves_to(const settings& settings, const std::string& site);

struct tree_sum {
  std::string text;  // SHA-256, in hex, of the tree's manifest: content, kinds, links, names
  std::size_t files = 0;
};

// Reads the whole tree, given by its open folder. Throws.
[[nodiscard]] tree_sum sum_of(const archive::head& about, int tree);

}  // namespace heberg::ctl
