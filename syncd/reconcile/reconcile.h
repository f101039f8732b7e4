// SPDX-License-Identifier: LGPL-2.1-or-later
// The decision at the heart of syncd: from the engine's containers and the ledger's rows to the rows that the ledger
// should have. Pure: what it needs to know of the host it asks through `host_queries`, and only for sites that are new
// or return.
//
//   new site                 a row with a UID of its own: its www folder's owner (tree/owners.h), or the next one
//   no container             missing_since is set; after retire_after, retired_at
//   container again          both are cleared: the same UID, the same hash
//   container not inspected  (the engine could not be asked about it) keeps its site's account; it neither creates nor
//                            restores one
//
// Applied to its own result it changes nothing.
#pragma once

#include "ledger/ledger.h"
#include "program/log.h"
#include "syncd/reconcile/site_containers.h"
#include "syncd/reconcile/site_table.h"
#include "syncd/reconcile/uid_pool.h"
#include "tree/owners.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace heberg::syncd {

using ledger::time;

struct account_rules {
  uid_range uids;
  std::chrono::milliseconds retire_after{5000};
};

struct host_queries {
  // The owners of the trees below the sites root. Called at most once, and only where a UID must be found.
  std::function<const tree::site_owners&()> owners_of_trees;
  // The UIDs of purged sites. Called as owners_of_trees; none: there are none.
  std::function<ledger::spent_uids()> spent_uids = {};
  // Why another source of names has this name or UID already; empty where none has. It may be slow (LDAP), so it is
  // called only while there is time; sites that were refused before come last, and keep that reason meanwhile.
  std::function<std::string(const std::string& site, std::uint32_t uid)> explain_foreign;
  std::function<bool()> has_time;
  std::function<std::string(const std::string& site)> last_refusal;  // empty: none
};

struct site_event {
  std::string site;
  std::string text;
  level weight = level::info;
  bool is_network = false;  // of a network that it shares
};

struct changes {
  std::vector<ledger::site> rows;              // new or changed, to be written
  std::vector<std::string> appeared;           // new or returned: their trees are to be visited
  std::vector<site_event> events;              // to be logged once the rows are written
  std::map<std::string, std::string> refused;  // site -> why it has no account
  bool is_unfinished = false;                  // there was no time for some sites: run it again
  std::optional<time> next;                    // when the next missing site is due to be retired
};

[[nodiscard]] changes reconcile(const ordered_containers& containers, const site_rows& known, time now,
                                const account_rules& rules, const host_queries& host);

// A row for a site that has no container yet, retired from its beginning; or why it cannot have one. requested_uid: its
// UID where that is in range, free, and was not that of a purged site of another name.
[[nodiscard]] std::variant<ledger::site, std::string> reserve(const std::string& site, const site_rows& known, time now,
                                                              const account_rules& rules, const host_queries& host,
                                                              std::optional<std::uint32_t> requested_uid = {});

}  // namespace heberg::syncd
