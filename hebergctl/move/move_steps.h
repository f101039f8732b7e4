// SPDX-License-Identifier: LGPL-2.1-or-later
// What both hosts of a move share, and what others are to know of one.
#pragma once

#include "archive/manifest.h"
#include "program/settings.h"

#include <cstddef>
#include <string>

namespace heberg::ctl {

// A file of a move's in the state folder, for root alone: SITE.json where it goes from, SITE.awaited where it goes to.
[[nodiscard]] std::string move_file(const settings& settings, const std::string& name);
void write_move_file(const settings& settings, const std::string& name, const std::string& text);
void remove_move_file(const settings& settings, const std::string& name);

// Why a site is locked while it moves.
[[nodiscard]] std::string move_reason(const std::string& host);

// Where to, for a site that stands still for its move; else empty.
[[nodiscard]] std::string moves_to(const settings& settings, const std::string& site);

struct tree_sum {
  std::string text;  // SHA-256, in hex, of the tree's manifest: content, kinds, links, names
  std::size_t files = 0;
};

// Reads all of it. tree: the open folder. Throws.
[[nodiscard]] tree_sum sum_of(const archive::head& about, int tree);

}  // namespace heberg::ctl
