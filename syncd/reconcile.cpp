// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace heberg::syncd {
namespace {

// One claim a site: its oldest container speaks for it, of those that the engine could be asked about. In the order in
// which the sites are served: first come, first served.
std::vector<const site::claim*> oldest_claims(std::span<const site::claim> claims) {
  const auto age = [](const site::claim* c) {
    return std::tuple(!c->inspected, c->created, std::string_view(c->container_id));
  };
  std::map<std::string_view, const site::claim*> oldest;
  for (const auto& claim : claims) {
    const auto [place, is_new] = oldest.emplace(claim.site, &claim);
    if (!is_new && age(&claim) < age(place->second)) place->second = &claim;
  }
  std::vector<const site::claim*> sites;
  sites.reserve(oldest.size());
  for (const auto& [name, claim] : oldest) sites.push_back(claim);
  std::stable_sort(sites.begin(), sites.end(), [&](auto* a, auto* b) { return age(a) < age(b); });
  return sites;
}

std::string id_text(std::uint32_t uid) {
  return "uid " + std::to_string(uid);
}

class reconciler {
 public:
  reconciler(const site_rows& known, time now, const account_rules& rules, const questions& ask)
      : known_(known), now_(now), rules_(rules), ask_(ask) {}

  changes run(const std::vector<const site::claim*>& claims) {
    std::vector<const site::claim*> newcomers;
    for (const auto* claim : claims) {
      const auto row = known_.find(claim->site);
      if (row == known_.end()) {
        if (claim->inspected) newcomers.push_back(claim);
      } else {
        keep(row->second, *claim);
      }
      claimed_.insert(claim->site);
    }
    welcome(newcomers);
    for (const auto& [name, row] : known_) {
      if (!claimed_.contains(name) && !row.is_retired()) miss(row);
    }
    return std::move(changes_);
  }

 private:
  void keep(const ledger::site& row, const site::claim& claim) {
    auto now = row;
    if (!claim.inspected && row.is_retired()) return;  // too little to bring it back, enough to keep it
    if (claim.inspected) now.gecos = claim.gecos;
    now.missing_since.reset();
    now.retired_at.reset();
    if (row.is_retired()) {
      // While it was away its name may have become somebody else's.
      if (auto why = ask_.explain_foreign(row.name, row.uid); !why.empty()) {
        changes_.refused[row.name] = std::move(why);
        return;
      }
      changes_.appeared.push_back(row.name);
      changes_.events.push_back({row.name, "account is back, " + id_text(row.uid)});
    }
    if (now != row) changes_.rows.push_back(std::move(now));
  }

  void miss(const ledger::site& row) {
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

  // Adoption comes first for all of them: a UID that a tree already has must not go to a site that is served before it.
  void welcome(const std::vector<const site::claim*>& newcomers) {
    if (newcomers.empty()) return;
    std::set<std::uint32_t> given;
    for (const auto& [name, row] : known_) given.insert(row.uid);
    uid_pool pool(rules_.uids, std::move(given), ask_.all_owners_of_www());

    std::vector<const site::claim*> without;
    for (const auto* claim : newcomers) {
      const auto owner = ask_.owner_of_www(claim->site);
      if (owner && pool.adopt(*owner)) {
        create(*claim, *owner, " taken over from its www folder", pool);
      } else {
        without.push_back(claim);
      }
    }
    for (const auto* claim : without) {
      if (const auto uid = pool.take_next()) {
        create(*claim, *uid, "", pool);
      } else {
        changes_.refused[claim->site] = "no UID is left between accounts.uid_min " + std::to_string(rules_.uids.first) +
                                        " and accounts.uid_max " + std::to_string(rules_.uids.last);
      }
    }
  }

  void create(const site::claim& claim, std::uint32_t uid, std::string_view how, uid_pool& pool) {
    if (auto why = ask_.explain_foreign(claim.site, uid); !why.empty()) {
      changes_.refused[claim.site] = std::move(why);
      pool.give_back(uid);
      return;
    }
    ledger::site row;
    row.name = claim.site;
    row.uid = uid;
    row.gecos = claim.gecos;
    row.created_at = now_;
    changes_.events.push_back({row.name, "account made, " + id_text(uid) + std::string(how)});
    changes_.appeared.push_back(row.name);
    changes_.rows.push_back(std::move(row));
  }

  const site_rows& known_;
  const time now_;
  const account_rules& rules_;
  const questions& ask_;
  std::set<std::string_view> claimed_;
  changes changes_;
};

}  // namespace

changes reconcile(std::span<const site::claim> claims, const site_rows& known, time now, const account_rules& rules,
                  const questions& ask) {
  return reconciler(known, now, rules, ask).run(oldest_claims(claims));
}

}  // namespace heberg::syncd
