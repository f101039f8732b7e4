// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps the sites' rows in step with the engine's containers: hands what the engine lists to reconcile() and its answer
// to the writer. Knows which containers and sites have no account, and why.
#pragma once

#include "docker/watcher.h"
#include "program/settings.h"
#include "syncd/accounts/account_writer.h"
#include "syncd/accounts/host.h"
#include "syncd/accounts/problem_log.h"
#include "syncd/accounts/session_cuts.h"
#include "syncd/reconcile/reconcile.h"
#include "syncd/reconcile/site_containers.h"
#include "syncd/reconcile/site_table.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace heberg::syncd {

struct reconciler_parts {
  const site_table& sites;
  account_store& ledger;
  account_writer& writer;
  session_cuts& sessions;
  site_tree_store& trees;
  name_checker& names;
  time_source& time;
  problem_log& log;
};

class account_reconciler {
 public:
  account_reconciler(const settings& settings, const reconciler_parts& parts);

  void take(const docker::containers& all);
  void take_changes(const docker::containers& all, const docker::container_ids& changed);
  void lose_engine();  // until the next take() no account is retired

  // Retires accounts that are due, and tries again those that there was no time for.
  void reconcile_due();
  [[nodiscard]] std::optional<steady_time> next_due() const;

  // A row for a site without a container, not stored yet; or why there can be none (reconcile.h).
  [[nodiscard]] std::variant<ledger::site, std::string> reserve(const std::string& site,
                                                                std::optional<std::uint32_t> requested_uid);
  void forget(const std::string& site) { foreign_.erase(site); }

  [[nodiscard]] bool is_in_touch() const { return is_in_touch_; }
  [[nodiscard]] const site_containers& containers() const { return containers_; }
  [[nodiscard]] const std::map<std::string, std::string>& refused() const { return refused_; }

 private:
  [[nodiscard]] host_queries queries_with_deadline();
  void reconcile();
  void report_refused(std::map<std::string, std::string> refused);

  const account_rules rules_;
  const reconciler_parts parts_;
  site_containers containers_;                  // what the engine listed last
  std::map<std::string, std::string> foreign_;  // site -> why the last reconcile() gave it no account
  std::map<std::string, std::string> refused_;  // "container X" or a site -> why; logged once
  std::optional<steady_time> due_;
  bool is_in_touch_ = false;
};

}  // namespace heberg::syncd
