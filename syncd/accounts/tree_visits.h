// SPDX-License-Identifier: LGPL-2.1-or-later
// Visits the sites' trees, some at a time: makes what is missing, logs what is wrong. Finishes renames that were
// interrupted between the ledger and the tree.
#pragma once

#include "syncd/accounts/host.h"
#include "syncd/accounts/problem_log.h"
#include "syncd/reconcile/site_table.h"

#include <functional>
#include <set>
#include <string>
#include <utility>

namespace heberg::syncd {

class tree_visits {
 public:
  // visited: called for each site whose tree was visited.
  tree_visits(const site_table& sites, site_tree_store& trees, rename_store& renames, problem_log& log,
              std::function<void(const std::string& site)> visited)
      : sites_(sites), trees_(trees), renames_(renames), log_(log), visited_(std::move(visited)) {}

  // Opens the sites root again. While it is unsafe, visits do nothing.
  void check_root();
  [[nodiscard]] bool is_root_safe() const { return is_root_safe_; }

  void add(const std::string& site) { due_.insert(site); }
  void add_all();  // that have an account
  void forget(const std::string& site);

  void visit_some();  // takes a few milliseconds
  [[nodiscard]] bool is_idle() const { return due_.empty(); }

 private:
  void finish_renames();
  void visit(const std::string& site);

  const site_table& sites_;
  site_tree_store& trees_;
  rename_store& renames_;
  problem_log& log_;
  std::function<void(const std::string& site)> visited_;
  std::set<std::string> due_;
  bool is_root_safe_ = false;
};

}  // namespace heberg::syncd
