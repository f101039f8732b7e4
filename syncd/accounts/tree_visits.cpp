// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/tree_visits.h"

#include <cstddef>
#include <exception>

namespace heberg::syncd {
namespace {

constexpr std::size_t k_at_a_time = 64;

}  // namespace

void tree_visits::check_root() {
  const auto problem = trees_.check_root();
  is_root_safe_ = problem.empty();
  log_.report("root", level::error, "sites root", problem);
  if (is_root_safe_) finish_renames();
}

// A rename is recorded in the ledger before it begins, so the row has its new name; the tree may still have the old
// one.
void tree_visits::finish_renames() {
  std::string problem;
  try {
    for (const auto& move : renames_.list_moves()) {
      if (trees_.has_tree(move.from)) trees_.move_tree(move.from, move.to);
      renames_.finish_move(move);
      log_.write(level::info, move.from, "an interrupted rename to " + move.to + " is finished");
    }
  } catch (const std::exception& error) {
    problem = std::string(error.what()) + "; it is tried again";
  }
  log_.report("moves", level::error, "an interrupted rename", problem);
}

void tree_visits::add_all() {
  for (const auto& [name, row] : sites_.rows()) {
    if (!row.is_retired()) due_.insert(name);
  }
}

void tree_visits::forget(const std::string& site) {
  due_.erase(site);
  log_.forget("tree " + site);
}

void tree_visits::visit_some() {
  for (std::size_t n = 0; n < k_at_a_time && !due_.empty(); ++n) visit(due_.extract(due_.begin()).value());
}

void tree_visits::visit(const std::string& site) {
  const auto* row = sites_.find_active(site);
  // A site whose container is gone keeps the tree that it has: where that was moved away, no new one takes its place.
  if (row == nullptr || row->missing_since || !is_root_safe_) return;
  std::string all;
  for (const auto& problem : trees_.make_tree(site, row->uid)) all += (all.empty() ? "" : "; ") + problem;
  log_.report("tree " + site, level::warning, site, all);
  visited_(site);
}

}  // namespace heberg::syncd
