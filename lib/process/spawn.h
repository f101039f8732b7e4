// SPDX-License-Identifier: LGPL-2.1-or-later
// Starts a program as run_program.h describes it. Internal to lib/process.
#pragma once

#include "process/run_program.h"

#include <sys/types.h>

namespace heberg {

// What the caller ignores or blocks: a daemon's dispositions are no business of its programs; a command's are (nohup).
enum class signals { inherit, reset };

// 0 and the pid, or an errno value. The program gets these three descriptors and no other of ours, whatever their
// flags: Asio's sockets have no O_CLOEXEC. input: -1 for /dev/null.
[[nodiscard]] int spawn(const program& what, int output, int errors, signals how, pid_t& pid);

// An ended program's result, from waitpid(2)'s status. output and errors stay empty.
[[nodiscard]] program_result result_of(int wait_status);

}  // namespace heberg
