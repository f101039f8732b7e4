// SPDX-License-Identifier: LGPL-2.1-or-later
// The sites as syncd knows them: the ledger's rows, and changes that the ledger does not have yet. Pure.
#pragma once

#include "ledger/ledger.h"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace heberg::syncd {

using site_rows = std::map<std::string, ledger::site, std::less<>>;  // by name

class site_table {
 public:
  void load(std::vector<ledger::site> rows);  // from the ledger, once

  [[nodiscard]] const site_rows& rows() const { return rows_; }
  [[nodiscard]] std::size_t count_accounts() const { return accounts_; }  // rows that are not retired
  [[nodiscard]] const ledger::site* find(const std::string& site) const;

  // A site that has an account, and whose row the ledger has: only then may there be a tree or a password.
  [[nodiscard]] const ledger::site* find_active(const std::string& site) const;

  // A new or changed row, which waits for mark_saved().
  void store(ledger::site row);

  [[nodiscard]] bool has_unsaved() const { return !unsaved_.empty(); }
  [[nodiscard]] bool is_unsaved(const std::string& site) const { return unsaved_.contains(site); }
  [[nodiscard]] std::vector<ledger::site> unsaved() const;
  void mark_saved();

  // As the ledger has done it: the row is gone, or has another name.
  void erase(const std::string& site);
  void rename(const std::string& site, const std::string& to);

 private:
  site_rows rows_;
  std::size_t accounts_ = 0;
  std::set<std::string> unsaved_;        // rows that the ledger has otherwise, or not at all
  std::set<std::string> not_in_ledger_;  // of these, the latter
};

}  // namespace heberg::syncd
