// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/verbs/verb_table.h"

#include "hebergctl/command.h"

#include <string>

namespace heberg::ctl {

// verbs_read.cpp
void add_list(subcommand& verb, command& given);
void add_show(subcommand& verb, command& given);
void add_sessions(subcommand& verb, command& given);
void add_status(subcommand& verb, command& given);
void add_settings(subcommand& verb, command& given);
// verbs_container.cpp
void add_create(subcommand& verb, command& given);
void add_remove(subcommand& verb, command& given);
// verbs_life.cpp
void add_reserve(subcommand& verb, command& given);
void add_rename(subcommand& verb, command& given);
void add_purge(subcommand& verb, command& given);
void add_sync(subcommand& verb, command& given);
void add_render(subcommand& verb, command& given);
// verbs_account.cpp
void add_lock(subcommand& verb, command& given);
void add_unlock(subcommand& verb, command& given);
void add_kick(subcommand& verb, command& given);
void add_passwd(subcommand& verb, command& given);
void add_keys(subcommand& verb, command& given);
// verbs_logs.cpp
void add_logs(subcommand& verb, command& given);
void add_rotate(subcommand& verb, command& given);
// a file each
void add_archive(subcommand& verb, command& given);
void add_restore(subcommand& verb, command& given);
void add_backup(subcommand& verb, command& given);
void add_clone(subcommand& verb, command& given);
void add_move(subcommand& verb, command& given);
void add_import(subcommand& verb, command& given);
void add_quota(subcommand& verb, command& given);
void add_check(subcommand& verb, command& given);
void add_receive(subcommand& verb, command& given);
void add_confined(subcommand& verb, command& given);
void add_completion(subcommand& verb, command& given);

namespace {

using enum verb_group;
constexpr auto k_hidden = verb::visibility::hidden;

// clang-format off
constexpr verb k_verbs[] = {
    {"list",     sites,  "List all sites, including retired ones", add_list},
    {"show",     sites,  "Show one site", add_show},
    {"create",   sites,  "Create a site: UID, tree, container, account; run again to apply changes", add_create},
    {"remove",   sites,  "Remove a site's container and account; keep its files and UID", add_remove},
    {"reserve",  sites,  "Reserve a site's UID and create its tree, without a container", add_reserve},
    {"rename",   sites,  "Rename a site that has no container; its UID stays", add_rename},
    {"clone",    sites,  "Copy a site to a new one with its own UID and password", add_clone},
    {"quota",    sites,  "Show or set a site's limit of bytes and files on the disk", add_quota},
    {"purge",    sites,  "Delete a site that has no container from the ledger", add_purge},

    {"lock",     access, "Lock a site: reject logins and end its open sessions", add_lock},
    {"unlock",   access, "Unlock a site: allow logins again", add_unlock},
    {"kick",     access, "End a site's open sessions", add_kick},
    {"passwd",   access, "Set a site's password, or generate and print one", add_passwd},
    {"keys",     access, "Manage the SSH keys that the administrator gives a site", add_keys},
    {"sessions", access, "List the open SFTP sessions", add_sessions},

    {"logs",     logs,   "Print the end of a site's access.log, error.log or sftp.log", add_logs},
    {"rotate",   logs,   "Rotate the logs of a site, or of all sites, now", add_rotate},

    {"archive",  backup, "Pack a site into one file: tree, account, container specification", add_archive},
    {"restore",  backup, "Restore a site from an archive or from the backup", add_restore},
    {"backup",   backup, "Save sites to the restic repository, and forget old snapshots", add_backup},
    {"move",     backup, "Move a site to another host; run again to resume an interrupted move", add_move},
    {"import",   backup, "Import accounts from passwd, users.conf or SQLite; only --apply changes anything",
                         add_import, "5 if there are conflicts"},

    {"status",   host,   "Show the state of Docker, accounts, account database and SSH host keys",
                         add_status, "1 if heberg-syncd reports a problem, 4 if it does not answer"},
    {"check",    host,   "Check the tree, account, container, address, logs and certificates of a site or of all",
                         add_check, "1 if an error was found, 6 if only warnings were found"},
    {"settings", host,   "Check heberg.toml", add_settings},
    {"sync",     host,   "Make heberg-syncd list the containers and read all trees and passwords now", add_sync},
    {"render",   host,   "Make heberg-proxy-render write nginx's configuration and reload nginx now", add_render},

    {"receive",    host, "One step of another host's move of a site to this one", add_receive, "", k_hidden},
    {"confined",   host, "Run a program in a tree, in a mount without symbolic links", add_confined, "", k_hidden},
    {"completion", host, "Print the bash completion", add_completion, "", k_hidden},
};
// clang-format on

}  // namespace

std::span<const verb> list_verbs() {
  return k_verbs;
}

const char* heading_of(verb_group group) {
  switch (group) {
    case sites:
      return "Sites";
    case access:
      return "Logins";
    case logs:
      return "Logs";
    case backup:
      return "Backup and migration";
    case host:
      break;
  }
  return "Host";
}

void add_verbs(CLI::App& app, command& given) {
  for (const auto& row : k_verbs) {
    subcommand verb(app, row.name, row.summary);
    verb.set_group(row.shown == k_hidden ? "" : heading_of(row.group));
    if (*row.exit_codes != '\0') verb.set_footer(std::string("Exits with ") + row.exit_codes + ".");
    row.add(verb, given);
  }
}

}  // namespace heberg::ctl
