// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/move/tree_copy.h"

#include "hebergctl/move/move_steps.h"
#include "hebergctl/progress.h"
#include "process/run_program.h"
#include "tree/layout.h"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace heberg::ctl {
namespace {

constexpr int k_rsync_vanished = 24;  // rsync(1): files vanished while it read; the trees are compared in the end

}  // namespace

void copy_tree(const command& given, const ledger::site& row, const remote_host& to, std::uint32_t uid_there) {
  std::vector<std::string> arguments = {"/proc/self/exe"};
  if (given.common.config_named) arguments.insert(arguments.end(), {"--config", given.common.config});
  arguments.insert(
      arguments.end(),
      {"confined", row.name, "rsync", "-rlptgoHXS", "--numeric-ids", "--delete", "--filter=-x! user.*",
       "--rsh=" + to.ssh(), "--rsync-path=" + to.command() + " confined " + tree::incoming_name(row.name) + " rsync"});
  if (uid_there != row.uid) {
    const auto map = std::to_string(row.uid) + ":" + std::to_string(uid_there);
    arguments.insert(arguments.end(), {"--usermap=" + map, "--groupmap=" + map});
  }
  arguments.insert(arguments.end(), {"./", to.name() + ":./"});
  // rsync's own line of progress, which names no file.
  const bool is_shown = wants_progress(given);
  if (is_shown) arguments.insert(std::ranges::find(arguments, "rsync") + 1, "--info=progress2");
  const auto end = run_program({.arguments = arguments, .output = is_shown ? STDERR_FILENO : -1});
  if (!end.has_succeeded() && end.shell_status() != k_rsync_vanished)
    throw std::runtime_error(row.name + ": not moved: rsync: " + (end.errors.empty() ? describe(end) : end.errors));
}

}  // namespace heberg::ctl
