// SPDX-License-Identifier: LGPL-2.1-or-later
// run_program.h's runner for an event loop: waits beside the loop, and no longer than a limit.
#pragma once

#include "process/run_program.h"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace heberg {

// Standard input is /dev/null. result.output is standard output and standard error together, its first 64 kB;
// result.errors is empty. The program is dead when this returns or is cancelled; what it has left running goes on.
// Throws where the system is out of memory, descriptors or processes, not where there is no such program.
[[nodiscard]] boost::asio::awaitable<program_result> run_program_async(std::vector<std::string> arguments,
                                                                       std::chrono::milliseconds limit);

}  // namespace heberg
