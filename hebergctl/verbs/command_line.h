// SPDX-License-Identifier: LGPL-2.1-or-later
// hebergctl's command line as a whole: the common options, all verbs, and the texts of usage errors.
#pragma once

#include <string>
#include <vector>

namespace heberg::ctl {

// Parses the command line and runs its verb. Returns the exit code.
[[nodiscard]] int run_command_line(int argc, char** argv);

// What run_command_line() would say of these arguments, separated by blanks; empty: they are valid.
[[nodiscard]] std::string find_usage_error(const std::string& arguments);

struct described_option {
  std::vector<std::string> names;  // "-f", "--follow"
  std::string value;               // what stands for its value: "FILE", "SITE", "{a,b}"; empty: a flag
};

struct described_verb {
  std::string name;  // empty: the options that may stand anywhere
  std::vector<described_option> options;
  std::vector<std::string> arguments;  // by position: "SITE", "FILE", "{list,add,remove}"
};

// As the verbs have declared it: first the common options, then the verbs of --help in their order.
[[nodiscard]] std::vector<described_verb> describe_command_line();

}  // namespace heberg::ctl
