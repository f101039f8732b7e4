// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs another program and waits for its end. No shell: the arguments are an argv.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace heberg {

struct program {
  std::vector<std::string> arguments;  // the first names the program, and is searched in PATH
  std::vector<std::pair<std::string, std::string>> environment = {};  // added to ours, or in place of ours
  int input = -1;                                                     // its standard input; -1: /dev/null
  int output = -1;  // its standard output; -1: it is kept in program_result::output
};

struct program_result {
  enum class kind { exited, killed, timed_out, not_found, not_started } kind = kind::not_started;
  int status = 0;      // exit status, signal number or errno value
  std::string output;  // standard output, its first 16 MB
  std::string errors;  // standard error, its last 4 KB

  [[nodiscard]] bool has_succeeded() const noexcept { return kind == kind::exited && status == 0; }

  // As a shell's $?: the exit status; 128 and the signal's number where a signal killed it.
  [[nodiscard]] int shell_status() const noexcept { return kind == kind::killed ? 128 + status : status; }
};

// Waits until the program has ended and its output is closed, however long that takes. Never timed_out.
// Throws std::system_error where the program cannot be started.
[[nodiscard]] program_result run_program(const program& what);

// "exited with status 1", for messages.
[[nodiscard]] std::string describe(const program_result& result);

}  // namespace heberg
