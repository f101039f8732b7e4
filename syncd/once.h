// SPDX-License-Identifier: LGPL-2.1-or-later
// The two ways to run without a daemon: --once does the work and exits, --check only prints what it would do.
#pragma once

#include "docker/container.h"
#include "docker/watcher.h"
#include "program/settings.h"
#include "syncd/host_machine.h"

#include <iosfwd>

namespace heberg::syncd {

// Brings ledger, trees, passwords and directory in step with these containers. 0, or 1 where something could not be
// saved or published (the log says why). Throws where the ledger cannot be opened. A site without a container is
// retired only if it has been missing for retire_after already.
int run_once(const settings& settings, const host_parts& parts, const docker::containers& all);

// Writes to `out`, a line each: what would change, what is wrong. Returns 0, or 1 where something is wrong. Changes
// nothing. Throws.
int run_check(const settings& settings, const host_parts& parts, const docker::containers& all, std::ostream& out);

}  // namespace heberg::syncd
