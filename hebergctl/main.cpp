// SPDX-License-Identifier: LGPL-2.1-or-later
// The administrator's command. Its verbs: hebergctl/verbs/verb_table.cpp.
#include "hebergctl/command.h"
#include "hebergctl/verbs/command_line.h"

#include <exception>

int main(int argc, char** argv) {
  using namespace heberg;
  try {
    return ctl::run_command_line(argc, argv);
  } catch (const ctl::refused& error) {
    return ctl::fail(ctl::k_refused, error.what());
  } catch (const std::exception& error) {
    return ctl::fail(ctl::k_failed, error.what() + ctl::hint_at_root());
  }
}
