// SPDX-License-Identifier: LGPL-2.1-or-later
// The verbs of the control socket (docs/formats.md), all but "sync" and "rotate", which are the daemon's own. Checks
// the request's arguments; the accounts' classes and the host do what it asks for.
#pragma once

#include "control/protocol.h"

#include <map>
#include <string>

namespace heberg::syncd {

class account_manager;
struct host_access;

// Adds what is wrong (who -> why) to a reply's data, as an object of that name; no more than an answer's line holds.
void add_problems(control::reply& to, const char* name, const std::map<std::string, std::string>& problems);

[[nodiscard]] control::reply answer_admin(account_manager& accounts, const host_access& host,
                                          const control::request& request);

}  // namespace heberg::syncd
