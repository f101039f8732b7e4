// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's command. What only reads, reads the ledger; what changes something asks syncd, the ledger's one
// writer.
#include "control/client.h"
#include "hebergctl/print.h"
#include "ledger/ledger.h"
#include "program/command_line.h"
#include "program/log.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>

namespace {

using namespace heberg;

enum exit_code : int { k_done = 0, k_failed = 1, k_usage = 2, k_no_such_site = 3, k_no_syncd = 4 };

constexpr char k_footer[] =
    "Exit codes: 0 done, 1 failed, 2 wrong words, 3 no such site, 4 heberg-syncd does not answer.";

struct words {
  common_options common;
  std::string socket = control::k_default_socket;
  std::string site;
  std::string why;
  bool json = false;
};

// A closed pipe or a full disk behind stdout must not pass for success.
int print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return k_done;
  std::perror("hebergctl: write to standard output");
  return k_failed;
}

int fail_no_site(const std::string& name) {
  std::fprintf(stderr, "hebergctl: there is no site %s\n", escape_line(name).c_str());
  return k_no_such_site;
}

int list(const words& given) {
  const auto sites = ledger::read_sites(load(given.common).state_dir);
  return print(given.json ? ctl::print_json(sites) : ctl::print_table(sites));
}

int show(const words& given) {
  const auto settings = load(given.common);
  const auto sites = ledger::read_sites(settings.state_dir);
  const auto found = std::ranges::find(sites, given.site, &ledger::site::name);
  if (found == sites.end()) return fail_no_site(given.site);
  return print(given.json ? ctl::print_json(*found) : ctl::print_site(*found, settings.sites.root));
}

int ask_syncd(const words& given, const std::string& verb) {
  control::reply reply;
  try {
    reply = control::call(given.socket, {verb, given.site, given.why});
  } catch (const std::system_error& error) {
    std::fprintf(stderr, "hebergctl: %s (does heberg-syncd run?)\n", error.what());
    return k_no_syncd;
  }
  if (reply.error == control::failure::none) return print(escape_line(reply.message) + "\n");
  std::fprintf(stderr, "hebergctl: %s\n", escape_line(reply.message).c_str());
  return reply.error == control::failure::no_such_site ? k_no_such_site : k_failed;
}

int run(int argc, char** argv) {
  CLI::App app("heberg: the sites of this host", "hebergctl");
  words given;
  add_common_options(app, given.common);
  app.add_option("--socket", given.socket, "heberg-syncd's control socket")->type_name("PATH")->capture_default_str();
  app.footer(k_footer);

  auto* const list_verb = app.add_subcommand("list", "List all sites, retired ones too");
  auto* const show_verb = app.add_subcommand("show", "Show one site");
  auto* const lock_verb = app.add_subcommand("lock", "Lock a site: no login, open sessions are cut");
  auto* const unlock_verb = app.add_subcommand("unlock", "Let a locked site log in again");
  auto* const sync_verb = app.add_subcommand("sync", "Have heberg-syncd list the engine's containers now");
  for (auto* verb : {list_verb, show_verb}) verb->add_flag("--json", given.json, "Print JSON");
  for (auto* verb : {show_verb, lock_verb, unlock_verb}) verb->add_option("SITE", given.site)->required();
  lock_verb->add_option("--why", given.why, "The reason, kept with the lock")->type_name("TEXT");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? k_done : k_usage;
  }
  if (*list_verb) return list(given);
  if (*show_verb) return show(given);
  if (*lock_verb) return ask_syncd(given, "lock");
  if (*unlock_verb) return ask_syncd(given, "unlock");
  if (*sync_verb) return ask_syncd(given, "sync");
  std::fputs(app.help().c_str(), stderr);
  return k_usage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hebergctl: %s\n", error.what());
    return k_failed;
  }
}
