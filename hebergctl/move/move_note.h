// SPDX-License-Identifier: LGPL-2.1-or-later
// What the state folder keeps of a move that was begun, so that the same command resumes it.
#pragma once

#include "archive/manifest.h"
#include "program/settings.h"

#include <optional>
#include <string>

namespace heberg::ctl {

struct move_note {
  std::string host;
  std::string token;         // random; the other host marks the tree with it
  archive::head about;       // the site before the move: its lock is the move's own meanwhile
  bool was_running = false;  // its container
  bool is_new = false;       // the other host did not know the site
};

// nullopt: no move was begun. Throws for a note that cannot be read.
[[nodiscard]] std::optional<move_note> read_note(const settings& settings, const std::string& site);
void write_note(const settings& settings, const std::string& site, const move_note& note);
void remove_note(const settings& settings, const std::string& site);

}  // namespace heberg::ctl
