// SPDX-License-Identifier: LGPL-2.1-or-later
// The verbs of the control socket (docs/formats.md), all but "sync", which is the daemon's own: words are judged here,
// what they mean is done by the keeper and the machine.
#pragma once

#include "control/protocol.h"

namespace heberg::syncd {

class keeper;
class machine;

[[nodiscard]] control::reply answer_admin(keeper& accounts, machine& host, const control::request& request);

}  // namespace heberg::syncd
