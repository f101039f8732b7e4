// SPDX-License-Identifier: LGPL-2.1-or-later
// move: a site to another host (hebergctl/move/mover.h). The same command resumes a move that was interrupted.
#include "hebergctl/archive/site_archive.h"
#include "hebergctl/container/site_container.h"
#include "hebergctl/move/move_steps.h"
#include "hebergctl/move/mover.h"
#include "hebergctl/site_lock.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "tree/layout.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace heberg::ctl {
namespace {

struct move_options {
  std::string site;
  std::string host;
  std::string ssh = "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15";
  std::string command = "hebergctl";
  bool cancel = false;
};

// An earlier run failed and the site runs since: it may have changed. Its lock may be the move's own.
void refresh(const settings& settings, const ledger::site& row, const present_container& container, move_note& note) {
  auto about = describe_site(settings, row, container);
  if (row.lock_reason == move_reason(note.host)) {
    about.is_locked = note.about.is_locked;
    about.lock_reason = note.about.lock_reason;
  }
  note.about = std::move(about);
  note.was_running = true;
  write_note(settings, row.name, note);
}

int move(const command& given, const move_options& asked) {
  const auto settings = load(given.common);
  const auto row = ledger::read_site(settings.state_dir, asked.site);
  if (!row) return fail_no_site(asked.site);
  const site_lock alone(settings, asked.site);
  auto note = read_note(settings, asked.site);
  if (note && !asked.host.empty() && note->host != asked.host)
    return fail(k_refused, asked.site + ": is being moved to " + note->host +
                               ": finish that move, or cancel it with \"" + "hebergctl move " + asked.site +
                               " --cancel\"");
  if (asked.cancel && !note) return fail(k_refused, asked.site + ": is not being moved");
  if (!asked.cancel && asked.host.empty()) return fail(k_usage, "move: --to HOST is required");
  const auto root = open_root(settings);
  const auto container = find_container(settings.docker.host, asked.site);
  if (container && !container->is_ours)
    return fail(k_refused, asked.site + ": not moved: its container was not created by hebergctl: remove it first");
  if (!asked.cancel) check_no_other_users(settings, asked.site, container);
  if (!note) {
    if (!has_tree(root->get(), asked.site))
      return fail(k_refused, asked.site + ": not moved: it has no tree on this host");
    note = move_note{.host = asked.host,
                     .token = random_hex(32),
                     .about = describe_site(settings, *row, container),
                     .was_running = container && container->runs};
    write_note(settings, asked.site, *note);
  } else if (!asked.cancel && container && container->runs) {
    refresh(settings, *row, *container, *note);
  }
  remote_host there(note->host, asked.ssh, asked.command);
  mover one(given, settings, root, *row, std::move(*note), std::move(there));
  return asked.cancel ? one.cancel() : one.move();
}

}  // namespace

void add_move(subcommand& verb, command& given) {
  const auto options = std::make_shared<move_options>();
  verb.add("SITE", options->site).required();
  verb.add("--to", options->host, "The other host, as ssh names it; it runs hebergctl and heberg-syncd").type("HOST");
  verb.add("--ssh", options->ssh, "The ssh command and its options").type("COMMAND").shows_default();
  verb.add("--remote-command", options->command, "hebergctl on the other host").type("COMMAND").shows_default();
  verb.add_flag("--cancel", options->cancel, "Cancel an unfinished move; the site runs on here");
  verb.runs(given, [&given, options] { return move(given, *options); });
}

}  // namespace heberg::ctl
