// SPDX-License-Identifier: LGPL-2.1-or-later
// The bash completion of hebergctl(8), made from the command line itself. The build writes it to the file that is
// installed.
#pragma once

#include "hebergctl/verbs/command_line.h"

#include <span>
#include <string>

namespace heberg::ctl {

// Pure. all: as describe_command_line() returns it.
[[nodiscard]] std::string print_completion(std::span<const described_verb> all);

}  // namespace heberg::ctl
