// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's command: its command line. Each group of verbs has a file of its own.
#include "hebergctl/command.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

namespace {

using namespace heberg;

int run(int argc, char** argv) {
  CLI::App app("heberg: the sites of this host", "hebergctl");
  ctl::command given;
  app.fallthrough();  // --json, --config and --socket may stand behind the verb, too
  add_common_options(app, given.common);
  app.add_option("--socket", given.socket, "heberg-syncd's control socket")->type_name("PATH")->capture_default_str();
  app.add_flag("--json", given.json, "Print JSON");
  app.footer(ctl::k_exit_codes);
  ctl::add_reading_verbs(app, given);
  ctl::add_log_verbs(app, given);
  ctl::add_account_verbs(app, given);
  ctl::add_container_verbs(app, given);
  ctl::add_archive_verb(app, given);
  ctl::add_restore_verb(app, given);
  ctl::add_backup_verb(app, given);
  ctl::add_life_verbs(app, given);
  ctl::add_check_verb(app, given);
  ctl::add_clone_verb(app, given);
  ctl::add_import_verb(app, given);
  ctl::add_move_verb(app, given);
  ctl::add_receive_verb(app, given);
  ctl::add_confined_verb(app, given);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ctl::k_done : ctl::k_usage;
  }
  if (given.run) return given.run();
  std::fputs(app.help().c_str(), stderr);
  return ctl::k_usage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const ctl::refused& error) {
    return ctl::fail(ctl::k_refused, error.what());
  } catch (const std::exception& error) {
    return ctl::fail(ctl::k_failed, error.what());
  }
}
