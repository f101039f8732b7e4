// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/reconcile.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace heberg::syncd {
namespace {

std::string id_text(std::uint32_t uid) {
  return "uid " + std::to_string(uid);
}

class reconciler {
 public:
  reconciler(const site_rows& known, time now, const account_rules& rules, const questions& ask)
      : known_(known), now_(now), rules_(rules), ask_(ask) {}

  changes run(const ordered_claims& claims) {
    // Both are sorted by name: one walk over them. A site's first claim speaks for it.
    ordered_claims newcomers;
    const site::claim* last = nullptr;
    auto row = known_.begin();
    for (const auto* claim : claims) {
      if (last != nullptr && last->site == claim->site) continue;
      last = claim;
      for (; row != known_.end() && row->first < claim->site; ++row) miss(row->second);
      if (row != known_.end() && row->first == claim->site) {
        keep(row->second, *claim);
        ++row;
      } else if (claim->inspected) {
        newcomers.push_back(claim);
      }
    }
    for (; row != known_.end(); ++row) miss(row->second);
    welcome(std::move(newcomers));
    return std::move(changes_);
  }

  changes run_newcomer(const site::claim& claim, std::optional<std::uint32_t> wished) {
    wished_ = wished;
    welcome({&claim});
    return std::move(changes_);
  }

 private:
  void keep(const ledger::site& row, const site::claim& claim) {
    if (row.is_retired()) return bring_back(row, claim);
    const bool is_new_gecos = claim.inspected && row.gecos != claim.gecos;
    if (!row.missing_since && !is_new_gecos) return;  // of nearly all of them
    auto now = row;
    now.missing_since.reset();
    if (is_new_gecos) now.gecos = claim.gecos;
    changes_.rows.push_back(std::move(now));
  }

  void bring_back(const ledger::site& row, const site::claim& claim) {
    // While it was away its name may have become somebody else's.
    if (!claim.inspected || !is_free(row.name, row.uid)) return;
    auto now = row;
    now.gecos = claim.gecos;
    now.missing_since.reset();
    now.retired_at.reset();
    changes_.appeared.push_back(row.name);
    changes_.events.push_back({row.name, "account is back, " + id_text(row.uid)});
    warn_of_network(claim);
    changes_.rows.push_back(std::move(now));
  }

  void warn_of_network(const site::claim& claim) {
    if (claim.on_default_network) changes_.events.push_back({claim.site, k_default_network, level::warning});
  }

  // False: refused, or not asked about for lack of time.
  bool is_free(const std::string& site, std::uint32_t uid) {
    auto last = ask_.last_refusal(site);
    if (!ask_.has_time()) {
      // One that was refused before can wait for the next list; the others must get their turn.
      if (last.empty())
        changes_.is_unfinished = true;
      else
        changes_.refused[site] = std::move(last);
      return false;
    }
    auto why = ask_.explain_foreign(site, uid);
    if (why.empty()) return true;
    changes_.refused[site] = std::move(why);
    return false;
  }

  void miss(const ledger::site& row) {
    if (row.is_retired()) return;
    auto now = row;
    // A clock that was set back must not keep an account for years.
    if (!row.missing_since || *row.missing_since > now_) now.missing_since = now_;
    const auto due = *now.missing_since + rules_.retire_after;
    if (due <= now_) {
      now.retired_at = now_;
      changes_.events.push_back(
          {row.name, "no container any more: account retired, " + id_text(row.uid) + " stays reserved"});
    } else {
      changes_.next = changes_.next ? std::min(*changes_.next, due) : due;
    }
    if (now != row) changes_.rows.push_back(std::move(now));
  }

  // First come, first served; but adoption comes before all else: a UID that a tree already has must not go to a site
  // that is served before it.
  void welcome(ordered_claims newcomers) {
    if (newcomers.empty()) return;
    std::stable_sort(newcomers.begin(), newcomers.end(), [](auto* a, auto* b) { return a->created < b->created; });
    std::stable_partition(newcomers.begin(), newcomers.end(),
                          [this](auto* claim) { return ask_.last_refusal(claim->site).empty(); });
    std::vector<std::uint32_t> given;
    given.reserve(known_.size());
    for (const auto& [name, row] : known_) given.push_back(row.uid);
    adoptions adopting(ask_.owners_of_trees(), rules_.uids);
    const auto seen = adopting.seen();
    uid_pool pool(rules_.uids, uid_set(given.begin(), given.end()), seen);

    std::vector<std::pair<const site::claim*, std::string>> without;  // and why its tree's owner was not taken over
    for (const auto* claim : newcomers) {
      auto adoption = adopting.judge(claim->site);
      // Not one that another tree bears: whose row is gone, but whose files are not.
      if (!adoption.uid && wished_ && !seen.contains(*wished_)) adoption.uid = wished_;
      if (adoption.uid && pool.adopt(*adoption.uid)) {
        create(*claim, *adoption.uid, " taken over from its www folder", pool);
      } else {
        without.emplace_back(claim, std::move(adoption.why_not));
      }
    }
    for (const auto& [claim, why_not] : without) {
      if (const auto uid = pool.take_next()) {
        if (create(*claim, *uid, "", pool) && !why_not.empty())
          changes_.events.push_back({claim->site, why_not, level::warning});
      } else {
        changes_.refused[claim->site] = "no UID is left between accounts.uid_min " + std::to_string(rules_.uids.first) +
                                        " and accounts.uid_max " + std::to_string(rules_.uids.last);
      }
    }
  }

  // False: refused, or not asked about for lack of time.
  bool create(const site::claim& claim, std::uint32_t uid, std::string_view how, uid_pool& pool) {
    if (!is_free(claim.site, uid)) {
      pool.give_back(uid);
      return false;
    }
    ledger::site row;
    row.name = claim.site;
    row.uid = uid;
    row.gecos = claim.gecos;
    row.created_at = now_;
    changes_.events.push_back({row.name, "account made, " + id_text(uid) + std::string(how)});
    warn_of_network(claim);
    changes_.appeared.push_back(row.name);
    changes_.rows.push_back(std::move(row));
    return true;
  }

  const site_rows& known_;
  const time now_;
  const account_rules& rules_;
  const questions& ask_;
  std::optional<std::uint32_t> wished_;
  changes changes_;
};

}  // namespace

changes reconcile(const ordered_claims& claims, const site_rows& known, time now, const account_rules& rules,
                  const questions& ask) {
  return reconciler(known, now, rules, ask).run(claims);
}

std::variant<ledger::site, std::string> reserve(const std::string& site, const site_rows& known, time now,
                                                const account_rules& rules, const questions& ask,
                                                std::optional<std::uint32_t> wished) {
  // As if it had a container, which went at once.
  site::claim claim;
  claim.site = site;
  auto changes = reconciler(known, now, rules, ask).run_newcomer(claim, wished);
  if (changes.rows.empty()) return changes.refused[site];
  auto row = std::move(changes.rows.front());
  row.missing_since = row.retired_at = now;
  return row;
}

}  // namespace heberg::syncd
