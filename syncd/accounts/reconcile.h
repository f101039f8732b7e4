// SPDX-License-Identifier: LGPL-2.1-or-later
// The decision at the heart of syncd: from what the engine has and what the ledger says to what the ledger should say.
// Pure: what it needs to know of the machine it asks through `questions`, and only for sites that are new or come back.
//   new site           a row with a UID of its own: the owner of its www folder (tree_owners.h), or the next one
//   no container       missing_since is set; after retire_after, retired_at
//   container again    both are cleared: the same UID, the same hash
//   a container that the engine could not be asked about keeps its site's account; it makes none, and brings none back
// Running it twice on its own outcome changes nothing.
#pragma once

#include "ledger/ledger.h"
#include "program/log.h"
#include "syncd/accounts/adoptions.h"
#include "syncd/accounts/claim_book.h"
#include "syncd/accounts/uid_pool.h"

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
using site_rows = std::map<std::string, ledger::site, std::less<>>;  // by name

struct account_rules {
  uid_range uids;
  std::chrono::milliseconds retire_after{5000};
};

struct questions {
  // Whom the trees below the sites root belong to. Asked at most once, and only where a UID must be found.
  std::function<const tree::site_owners&()> owners_of_trees;
  // Why another source of names has this name or UID already; empty where none has. It may be slow (LDAP), so it is
  // asked only while there is time; sites that were refused before are asked about last, and keep that reason
  // meanwhile.
  std::function<std::string(const std::string& site, std::uint32_t uid)> explain_foreign;
  std::function<bool()> has_time;
  std::function<std::string(const std::string& site)> last_refusal;  // empty: none
};

struct site_event {
  std::string site;
  std::string text;
  level weight = level::info;
};

struct changes {
  std::vector<ledger::site> rows;              // new or changed, to be written
  std::vector<std::string> appeared;           // new or returned: their trees are to be looked at
  std::vector<site_event> events;              // to be logged once the rows are written
  std::map<std::string, std::string> refused;  // site -> why it has no account
  bool is_unfinished = false;                  // there was no time for some sites: run it again
  std::optional<time> next;                    // when the next missing site is due to be retired
};

// Said of a site on Docker's default network, when it comes.
inline constexpr char k_default_network[] =
    "its container is on Docker's default network, where other containers reach it: run it with --network "
    "heberg-sites, "
    "or another whose com.docker.network.bridge.enable_icc is false";

[[nodiscard]] changes reconcile(const ordered_claims& claims, const site_rows& known, time now,
                                const account_rules& rules, const questions& ask);

// A row for a site that has no container yet, retired from its beginning; or why it cannot have one. wished: its UID
// where that is in range and nobody's.
[[nodiscard]] std::variant<ledger::site, std::string> reserve(const std::string& site, const site_rows& known, time now,
                                                              const account_rules& rules, const questions& ask,
                                                              std::optional<std::uint32_t> wished = {});

}  // namespace heberg::syncd
