// SPDX-License-Identifier: LGPL-2.1-or-later
// The accounts as a whole: puts the classes together that keep them in step with the containers, and calls each when it
// is due. It decides nothing itself.
//
//   account_reconciler   containers -> rows (reconcile.h decides)
//   site_table           the rows, and which of them the ledger does not have yet
//   account_writer       rows -> ledger, trees, directory, sessions, in that order
//   tree_visits          makes the sites' trees
//   session_cuts         ends sessions of retired and locked accounts
//   password_manager     password files -> hashes: an account is published with "*" first, and again with its hash
//   account_admin        the sysadmin's commands
//
// A failed step is tried again; a problem of one site is logged and delays no other. There is no clock, thread, socket
// or file in these classes: the host is injected (host.h), and work() returns when it wants to be called next.
#pragma once

#include "docker/watcher.h"
#include "program/settings.h"
#include "syncd/accounts/account_admin.h"
#include "syncd/accounts/account_reconciler.h"
#include "syncd/accounts/account_writer.h"
#include "syncd/accounts/host.h"
#include "syncd/accounts/password_manager.h"
#include "syncd/accounts/problem_log.h"
#include "syncd/accounts/session_cuts.h"
#include "syncd/accounts/tree_visits.h"
#include "syncd/reconcile/site_table.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace heberg::syncd {

class account_manager {
 public:
  account_manager(const settings& settings, const host_access& host);
  account_manager(const account_manager&) = delete;  // its parts refer to one another
  account_manager& operator=(const account_manager&) = delete;

  // Reads the ledger; the first work() publishes what it says, whether or not the engine answers. Throws.
  void start();

  // What the engine has now, after a list: trees and passwords of all sites are visited again.
  void take(const docker::containers& all);
  // The same, of which these alone have changed since.
  void take_changes(const docker::containers& all, const docker::container_ids& changed);
  void lose_engine();  // until the next take() no account is retired

  // Does what is due, some of it if it is much; returns when to call again. Empty: not before something happens.
  std::optional<steady_time> work();

  // Writes what is waiting, due or not (before an end). False: it failed, and was logged.
  bool flush() { return writer_.flush(); }

  [[nodiscard]] password_manager& passwords() { return passwords_; }
  [[nodiscard]] account_admin& admin() { return admin_; }

  [[nodiscard]] bool is_in_touch() const { return reconciler_.is_in_touch(); }
  [[nodiscard]] bool has_published() const { return writer_.has_published(); }
  [[nodiscard]] bool has_unpublished() const { return writer_.due().has_value(); }
  [[nodiscard]] bool has_failed() const { return writer_.has_failed(); }  // the last flush()
  [[nodiscard]] bool is_settled() const;            // nothing is under way but waiting for retire_after
  [[nodiscard]] bool waits_for_files_only() const;  // nothing but password files that are to be read again later
  [[nodiscard]] std::size_t count_accounts() const { return sites_.count_accounts(); }
  [[nodiscard]] std::size_t count_refused() const { return reconciler_.refused().size(); }
  [[nodiscard]] const site_rows& sites() const { return sites_.rows(); }
  [[nodiscard]] const std::map<std::string, std::string>& refused() const { return reconciler_.refused(); }
  [[nodiscard]] const site_containers& containers() const { return reconciler_.containers(); }

 private:
  const host_access host_;
  problem_log log_;
  site_table sites_;
  session_cuts sessions_;
  tree_visits trees_;
  account_writer writer_;
  account_reconciler reconciler_;
  password_manager passwords_;
  account_admin admin_;
};

}  // namespace heberg::syncd
