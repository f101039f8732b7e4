// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs another program and waits for its end: words, no shell. All throw where it cannot be started.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace heberg::ctl {

struct program {
  std::vector<std::string> words;                                     // the first is searched in PATH
  std::vector<std::pair<std::string, std::string>> environment = {};  // beside ours
  int input = -1;                                                     // its standard input; -1: nothing
  int output = -1;                                                    // its standard output; -1: it is kept
};

struct program_end {
  int status = -1;     // its exit status; 128 and the signal's number where one ended it
  std::string output;  // up to 16 MB
  std::string errors;  // the last 4 KB of standard error
};

[[nodiscard]] program_end run_program(const program& what);

}  // namespace heberg::ctl
