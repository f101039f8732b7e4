// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes changed accounts, in an order that leaves the old or the new state wherever it is interrupted:
//   1. the ledger is committed
//   2. trees of new accounts are made
//   3. the directory is published
//   4. sessions of retired and locked accounts are cut
// Changes that come together are written together (publish_times.h). A failed write is tried again.
#pragma once

#include "program/settings.h"
#include "syncd/accounts/host.h"
#include "syncd/accounts/problem_log.h"
#include "syncd/accounts/publish_times.h"
#include "syncd/accounts/session_cuts.h"
#include "syncd/accounts/tree_visits.h"
#include "syncd/reconcile/reconcile.h"
#include "syncd/reconcile/site_table.h"

#include <optional>
#include <string>
#include <vector>

namespace heberg::syncd {

enum class publish_urgency { at_once, can_wait };

struct writer_parts {
  site_table& sites;
  tree_visits& trees;
  session_cuts& sessions;
  account_store& ledger;
  account_publisher& directory;
  time_source& time;
  problem_log& log;
};

class account_writer {
 public:
  account_writer(const settings& settings, const writer_parts& parts) : settings_(settings), parts_(parts) {}

  void request();  // a write, also where no row has changed
  void store(ledger::site row, publish_urgency urgency = publish_urgency::at_once);

  // These wait for the next commit.
  void log_when_saved(site_event event) { events_.push_back(std::move(event)); }
  void visit_when_saved(std::string site) { new_sites_.push_back(std::move(site)); }

  // Writes what is waiting, due or not. False: it failed, and was logged.
  bool flush();

  [[nodiscard]] std::optional<steady_time> due() const { return publishing_.due(); }  // empty: nothing is waiting
  [[nodiscard]] bool has_published() const { return has_published_; }
  [[nodiscard]] bool has_failed() const { return has_failed_; }  // the last flush()

 private:
  bool save();
  bool publish();
  [[nodiscard]] std::vector<directory::account> accounts() const;

  const settings settings_;
  const writer_parts parts_;
  debounce publishing_{k_publish_times};
  std::vector<site_event> events_;
  std::vector<std::string> new_sites_;
  bool has_published_ = false;
  bool has_failed_ = false;
};

}  // namespace heberg::syncd
