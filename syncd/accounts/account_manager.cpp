// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/account_manager.h"

#include <algorithm>
#include <utility>

namespace heberg::syncd {

account_manager::account_manager(const settings& settings, const host_access& host)
    : host_(host),
      log_(host.log),
      sessions_(sites_, host.sessions, host.time, log_),
      trees_(sites_, host.trees, host.renames, log_, [this](const std::string& site) { passwords_.add(site); }),
      writer_(settings, {.sites = sites_,
                         .trees = trees_,
                         .sessions = sessions_,
                         .ledger = host.accounts,
                         .directory = host.directory,
                         .time = host.time,
                         .log = log_}),
      reconciler_(settings, {.sites = sites_,
                             .ledger = host.accounts,
                             .writer = writer_,
                             .sessions = sessions_,
                             .trees = host.trees,
                             .names = host.names,
                             .time = host.time,
                             .log = log_}),
      passwords_(settings, {.sites = sites_,
                            .files = host.passwords,
                            .hashes = host.hashes,
                            .time = host.time,
                            .log = log_,
                            .can_read_trees = [this] { return trees_.is_root_safe(); },
                            .store = [this](ledger::site row,
                                            publish_urgency urgency) { writer_.store(std::move(row), urgency); }}),
      admin_({.sites = sites_,
              .writer = writer_,
              .reconciler = reconciler_,
              .trees = trees_,
              .sessions = sessions_,
              .passwords = passwords_,
              .ledger = host.accounts,
              .renames = host.renames,
              .tree_store = host.trees,
              .names = host.names,
              .time = host.time,
              .log = log_}) {}

void account_manager::start() {
  trees_.check_root();
  sites_.load(host_.accounts.read_sites());
  for (const auto& [name, row] : sites_.rows()) {
    // Their sessions should be gone, but the last run may have been killed before it cut them.
    if (row.is_retired() || row.is_locked()) sessions_.add(row.uid);
  }
  writer_.request();
}

void account_manager::take(const docker::containers& all) {
  trees_.check_root();
  reconciler_.take(all);
  trees_.add_all();
}

void account_manager::take_changes(const docker::containers& all, const docker::container_ids& changed) {
  reconciler_.take_changes(all, changed);
}

void account_manager::lose_engine() {
  reconciler_.lose_engine();
}

std::optional<steady_time> account_manager::work() {
  const auto now = host_.time.steady_now();
  reconciler_.reconcile_due();
  if (const auto due = writer_.due(); due && *due <= now) flush();
  sessions_.cut_due();
  trees_.visit_some();
  passwords_.read_due();

  std::optional<steady_time> next;
  for (const auto& due : {writer_.due(), reconciler_.next_due(), sessions_.next_due(), passwords_.next_due()}) {
    if (due) next = next ? std::min(*next, *due) : due;
  }
  return trees_.is_idle() ? next : host_.time.steady_now();
}

bool account_manager::waits_for_files_only() const {
  return !writer_.due() && sessions_.is_idle() && trees_.is_idle() && passwords_.is_idle();
}

bool account_manager::is_settled() const {
  return waits_for_files_only() && !passwords_.has_delayed();
}

}  // namespace heberg::syncd
