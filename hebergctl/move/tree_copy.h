// SPDX-License-Identifier: LGPL-2.1-or-later
// Copies a site's tree to the other host, by rsync(1) that follows no link on either side (verbs/verb_confined.cpp).
#pragma once

#include "hebergctl/command.h"
#include "hebergctl/move/remote_host.h"
#include "ledger/ledger.h"

#include <cstdint>

namespace heberg::ctl {

// Again: what has changed. Owners other than the site's stay as they are; no device is copied, and no attribute but the
// users' own. Throws where rsync fails; files that vanish while it reads are no failure.
void copy_tree(const command& given, const ledger::site& row, const remote_host& to, std::uint32_t uid_there);

}  // namespace heberg::ctl
