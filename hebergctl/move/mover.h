// SPDX-License-Identifier: LGPL-2.1-or-later
// Moves a site to another host. Its tree is copied while it runs, once more while it is stopped, and compared; the
// other host gives it its account and its container; then it is retired here. It never runs in two places: before the
// other host is asked to start it, its container here is stopped, and it stays so until the result of that is known.
#pragma once

#include "base/random_hex.h"
#include "hebergctl/command.h"
#include "hebergctl/container/held_container.h"
#include "hebergctl/move/move_note.h"
#include "hebergctl/move/remote_host.h"
#include "ledger/ledger.h"
#include "program/settings.h"
#include "tree/sites_root.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heberg::ctl {

// Everything that it is given outlives it. move() and cancel() return the exit code; both throw.
class mover {
 public:
  mover(const command& given, const settings& settings, const tree::shared_fd& root, const ledger::site& row,
        move_note note, remote_host there);

  // Also resumes a move that was interrupted.
  int move();
  int cancel();

 private:
  using clock = std::chrono::steady_clock;

  [[nodiscard]] const std::string& site() const { return row_.name; }

  remote_reply ask_there(const std::string& step);
  [[nodiscard]] bool is_stopped_here() const;
  [[nodiscard]] std::string explain_unknown(const std::string& why) const;
  int refuse(const std::string& state, const remote_reply& reply);
  void show(const char* what) const;

  void stop(std::optional<held_container>& held);
  void copy_changes(std::uint32_t uid_there);
  int resume_finish();
  int finish(std::optional<clock::time_point> stopped_at);
  int retire(std::optional<std::chrono::duration<double>> down);

  void resume() const;
  void restore_lock() const;

  const command& given_;
  const settings& settings_;
  const tree::shared_fd& root_;
  const ledger::site& row_;
  move_note note_;
  const remote_host there_;
  const std::string run_ = random_hex(32);  // the other host ignores requests of an earlier run that arrive late
  std::size_t files_ = 0;
  std::vector<std::string> missing_;  // certificates, on the other host
};

}  // namespace heberg::ctl
