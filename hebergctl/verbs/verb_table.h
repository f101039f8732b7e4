// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of hebergctl's verbs. --help and the bash completion are made from it, and hebergctl(8) is tested against
// it. A new verb is one row in verb_table.cpp, with a function in a file of this folder.
#pragma once

#include "hebergctl/verbs/subcommand.h"

#include <span>
#include <string_view>

namespace CLI {
class App;
}

namespace heberg::ctl {

struct command;

enum class verb_group { sites, access, logs, backup, host };

struct verb {
  enum class visibility { shown, hidden };  // hidden: for another program's own use, not in --help

  const char* name;
  verb_group group;
  const char* summary;                            // one line of --help
  void (*add)(subcommand& verb, command& given);  // adds its options and arguments, and what it does
  const char* exit_codes = "";                    // what its codes mean, where k_exit_codes does not say it all
  visibility shown = visibility::shown;
};

// In the order of --help: by group.
[[nodiscard]] std::span<const verb> list_verbs();

// A heading of --help and of hebergctl(8).
[[nodiscard]] const char* heading_of(verb_group group);

// All of them. The command outlives the App.
void add_verbs(CLI::App& app, command& given);

}  // namespace heberg::ctl
