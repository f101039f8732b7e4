// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile/site_table.h"

#include <utility>

namespace heberg::syncd {

void site_table::load(std::vector<ledger::site> rows) {
  for (auto& row : rows) {
    if (!row.is_retired()) ++accounts_;
    auto name = row.name;
    rows_.emplace(std::move(name), std::move(row));
  }
}

const ledger::site* site_table::find(const std::string& site) const {
  const auto found = rows_.find(site);
  return found == rows_.end() ? nullptr : &found->second;
}

const ledger::site* site_table::find_active(const std::string& site) const {
  const auto* row = find(site);
  return row == nullptr || row->is_retired() || not_in_ledger_.contains(site) ? nullptr : row;
}

void site_table::store(ledger::site row) {
  unsaved_.insert(row.name);
  const auto [known, is_new] = rows_.try_emplace(row.name);
  if (is_new) not_in_ledger_.insert(row.name);
  const bool was_account = !is_new && !known->second.is_retired();
  if (was_account && row.is_retired()) --accounts_;
  if (!was_account && !row.is_retired()) ++accounts_;
  known->second = std::move(row);
}

std::vector<ledger::site> site_table::unsaved() const {
  std::vector<ledger::site> rows;
  rows.reserve(unsaved_.size());
  for (const auto& name : unsaved_) rows.push_back(rows_.at(name));
  return rows;
}

void site_table::mark_saved() {
  unsaved_.clear();
  not_in_ledger_.clear();
}

void site_table::erase(const std::string& site) {
  const auto found = rows_.find(site);
  if (found == rows_.end()) return;
  if (!found->second.is_retired()) --accounts_;
  rows_.erase(found);
  unsaved_.erase(site);
  not_in_ledger_.erase(site);
}

void site_table::rename(const std::string& site, const std::string& to) {
  auto row = rows_.at(site);
  row.name = to;
  erase(site);
  if (!row.is_retired()) ++accounts_;
  rows_.insert_or_assign(to, std::move(row));
}

}  // namespace heberg::syncd
