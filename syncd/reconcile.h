// SPDX-License-Identifier: LGPL-2.1-or-later
// The decision at the heart of syncd: from what the engine has and what the ledger says to what the ledger should say.
// Pure: what it needs to know of the machine it asks through `questions`, and only for sites that are new or come back.
//   new site           a row with a UID of its own: the owner of its www folder, or the next one
//   no container       missing_since is set; after retire_after, retired_at
//   container again    both are cleared: the same UID, the same hash
//   a container that the engine could not be asked about keeps its site's account; it makes none, and brings none back
// Running it twice on its own outcome changes nothing.
#pragma once

#include "ledger/ledger.h"
#include "site/site.h"
#include "syncd/uid_pool.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace heberg::syncd {

using ledger::time;
using site_rows = std::map<std::string, ledger::site, std::less<>>;  // by name

struct account_rules {
  uid_range uids;
  std::chrono::milliseconds retire_after{5000};
};

struct questions {
  // Who owns the site's www folder, where there is one.
  std::function<std::optional<std::uint32_t>(const std::string& site)> owner_of_www;
  // Every owner of a www folder below the sites root. Asked at most once, and only where a UID must be found.
  std::function<std::set<std::uint32_t>()> all_owners_of_www;
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
};

struct changes {
  std::vector<ledger::site> rows;              // new or changed, to be written
  std::vector<std::string> appeared;           // new or returned: their trees are to be looked at
  std::vector<site_event> events;              // to be logged once the rows are written
  std::map<std::string, std::string> refused;  // site -> why it has no account
  bool is_unfinished = false;                  // there was no time for some sites: run it again
  std::optional<time> next;                    // when the next missing site is due to be retired
};

[[nodiscard]] changes reconcile(std::span<const site::claim> claims, const site_rows& known, time now,
                                const account_rules& rules, const questions& ask);

}  // namespace heberg::syncd
