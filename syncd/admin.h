// SPDX-License-Identifier: LGPL-2.1-or-later
// The verbs of the control socket (docs/formats.md), all but "sync" and "rotate", which are the daemon's own. Checks
// the request's arguments; the accounts' classes and the host do what it asks for.
#pragma once

#include "control/protocol.h"

namespace heberg::syncd {

class account_manager;
struct host_access;

[[nodiscard]] control::reply answer_admin(account_manager& accounts, const host_access& host,
                                          const control::request& request);

}  // namespace heberg::syncd
