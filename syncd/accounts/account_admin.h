// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's commands on accounts: lock, unlock, reserve, purge, rename. Each returns when the ledger and the
// directory have the change, or says why they do not.
#pragma once

#include "syncd/accounts/account_reconciler.h"
#include "syncd/accounts/account_writer.h"
#include "syncd/accounts/host.h"
#include "syncd/accounts/password_manager.h"
#include "syncd/accounts/problem_log.h"
#include "syncd/accounts/session_cuts.h"
#include "syncd/accounts/tree_visits.h"
#include "syncd/reconcile/site_table.h"

#include <cstdint>
#include <optional>
#include <string>

namespace heberg::syncd {

struct admin_result {
  enum kind { done, refused, failed } what = done;
  std::string text;  // "SITE: what was done", or why not
};

struct admin_parts {
  site_table& sites;
  account_writer& writer;
  account_reconciler& reconciler;
  tree_visits& trees;
  session_cuts& sessions;
  password_manager& passwords;
  account_store& ledger;
  rename_store& renames;
  site_tree_store& tree_store;
  name_checker& names;
  time_source& time;
  problem_log& log;
};

class account_admin {
 public:
  explicit account_admin(const admin_parts& parts) : parts_(parts) {}

  [[nodiscard]] admin_result lock(const std::string& site, const std::string& why);
  [[nodiscard]] admin_result unlock(const std::string& site);

  // A row with a UID, and a tree, for a container to come. A site that has a row keeps it. With a requested UID (given
  // where it is in range and free) no tree is made: one is to be restored.
  [[nodiscard]] admin_result reserve(const std::string& site, std::optional<std::uint32_t> requested_uid = {});

  // The site's row is erased, and its UID is given to no site of another name; its tree stays, or is moved to tree::purged_name() below the
  // sites root. purge() and rename() expect a known site, refuse while it has a container, and throw where the host
  // fails.
  enum class tree_fate { stays, moved_away };
  [[nodiscard]] admin_result purge(const std::string& site, tree_fate tree);
  [[nodiscard]] admin_result rename(const std::string& site, const std::string& to);

 private:
  [[nodiscard]] std::string explain_in_use(const std::string& site) const;
  [[nodiscard]] admin_result rename_in_ledger_and_tree(const std::string& site, const std::string& to);
  void forget(const std::string& site);

  const admin_parts parts_;
};

}  // namespace heberg::syncd
