// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile/reconcile.h"

#include "syncd/reconcile/adoptions.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace heberg::syncd {
namespace {

std::string id_text(std::uint32_t uid) {
  return "uid " + std::to_string(uid);
}

// Why this site cannot have that UID; empty: no purged site of another name had it.
std::string explain_spent(const ledger::spent_uids& spent, std::uint32_t uid, const std::string& site) {
  const auto found = spent.find(uid);
  if (found == spent.end() || found->second == site) return {};
  return "it was that of " + found->second + ", which is purged";
}

class reconciler {
 public:
  reconciler(const site_rows& known, time now, const account_rules& rules, const host_queries& host)
      : known_(known), now_(now), rules_(rules), host_(host) {}

  changes run(const ordered_containers& containers) {
    shared_networks_ = site::find_shared_networks(containers);
    // Both are sorted by name: one walk over them. A site's first container represents it.
    ordered_containers new_sites;
    const site::site_container* last = nullptr;
    auto row = known_.begin();
    for (const auto* container : containers) {
      if (last != nullptr && last->site == container->site) continue;
      last = container;
      for (; row != known_.end() && row->first < container->site; ++row) mark_missing(row->second);
      if (row != known_.end() && row->first == container->site) {
        update(row->second, *container);
        ++row;
      } else if (container->inspected) {
        new_sites.push_back(container);
      }
    }
    for (; row != known_.end(); ++row) mark_missing(row->second);
    add_new_sites(std::move(new_sites));
    return std::move(changes_);
  }

  changes run_new_site(const site::site_container& container, std::optional<std::uint32_t> requested_uid) {
    requested_uid_ = requested_uid;
    add_new_sites({&container});
    return std::move(changes_);
  }

 private:
  void update(const ledger::site& row, const site::site_container& container) {
    if (row.is_retired()) return restore(row, container);
    const bool is_new_gecos = container.inspected && row.gecos != container.gecos;
    if (!row.missing_since && !is_new_gecos) return;  // the usual case
    auto now = row;
    now.missing_since.reset();
    if (is_new_gecos) now.gecos = container.gecos;
    changes_.rows.push_back(std::move(now));
  }

  void restore(const ledger::site& row, const site::site_container& container) {
    // Meanwhile its name may have been given to another user of the host.
    if (!container.inspected || !is_free(row.name, row.uid)) return;
    auto now = row;
    now.gecos = container.gecos;
    now.missing_since.reset();
    now.retired_at.reset();
    changes_.appeared.push_back(row.name);
    changes_.events.push_back({row.name, "account is back, " + id_text(row.uid)});
    warn_of_network(container);
    changes_.rows.push_back(std::move(now));
  }

  void warn_of_network(const site::site_container& container) {
    const auto shared = shared_networks_.find(container.site);
    if (shared == shared_networks_.end()) return;
    changes_.events.push_back({.site = container.site,
                               .text = site::explain_shared_network(shared->second),
                               .weight = level::warning,
                               .is_network = true});
  }

  // False: refused, or not checked for lack of time.
  bool is_free(const std::string& site, std::uint32_t uid) {
    auto last = host_.last_refusal(site);
    if (!host_.has_time()) {
      // A site that was refused before can wait for the next list; the others come first.
      if (last.empty())
        changes_.is_unfinished = true;
      else
        changes_.refused[site] = std::move(last);
      return false;
    }
    auto why = host_.explain_foreign(site, uid);
    if (why.empty()) return true;
    changes_.refused[site] = std::move(why);
    return false;
  }

  void mark_missing(const ledger::site& row) {
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

  // In the order of their creation; but adoptions come first: a UID that a tree already has must not go to an older
  // site.
  void add_new_sites(ordered_containers new_sites) {
    if (new_sites.empty()) return;
    std::stable_sort(new_sites.begin(), new_sites.end(), [](auto* a, auto* b) { return a->created < b->created; });
    std::stable_partition(new_sites.begin(), new_sites.end(),
                          [this](auto* container) { return host_.last_refusal(container->site).empty(); });
    std::vector<std::uint32_t> given;
    given.reserve(known_.size());
    for (const auto& [name, row] : known_) given.push_back(row.uid);
    adoptions adopting(host_.owners_of_trees(), rules_.uids);
    const auto spent = host_.spent_uids ? host_.spent_uids() : ledger::spent_uids();
    auto seen = adopting.seen();
    for (const auto& [uid, name] : spent) seen.insert(uid);
    uid_pool pool(rules_.uids, uid_set(given.begin(), given.end()), seen);

    std::vector<std::pair<const site::site_container*, std::string>>
        without;  // and why its tree's owner was not taken over
    for (const auto* container : new_sites) {
      auto adoption = adopting.find_uid(container->site);
      if (auto why = adoption.uid ? explain_spent(spent, *adoption.uid, container->site) : ""; !why.empty())
        adoption = {{}, "its www folder belongs to " + id_text(*adoption.uid) + ", which is not taken over: " + why};
      // Not a UID that another tree has: its row is gone, but its files are not.
      if (!adoption.uid && requested_uid_ && !adopting.is_anothers(*requested_uid_, container->site) &&
          explain_spent(spent, *requested_uid_, container->site).empty())
        adoption.uid = requested_uid_;
      if (adoption.uid && pool.adopt(*adoption.uid)) {
        create(*container, *adoption.uid, " taken over from its www folder", pool);
      } else {
        without.emplace_back(container, std::move(adoption.why_not));
      }
    }
    for (const auto& [container, why_not] : without) {
      if (const auto uid = pool.take_next()) {
        if (create(*container, *uid, "", pool) && !why_not.empty())
          changes_.events.push_back({container->site, why_not, level::warning});
      } else {
        changes_.refused[container->site] = "no UID is left between accounts.uid_min " +
                                            std::to_string(rules_.uids.first) + " and accounts.uid_max " +
                                            std::to_string(rules_.uids.last);
      }
    }
  }

  // False: refused, or not checked for lack of time.
  bool create(const site::site_container& container, std::uint32_t uid, std::string_view how, uid_pool& pool) {
    if (!is_free(container.site, uid)) {
      pool.give_back(uid);
      return false;
    }
    ledger::site row;
    row.name = container.site;
    row.uid = uid;
    row.gecos = container.gecos;
    row.created_at = now_;
    changes_.events.push_back({row.name, "account made, " + id_text(uid) + std::string(how)});
    warn_of_network(container);
    changes_.appeared.push_back(row.name);
    changes_.rows.push_back(std::move(row));
    return true;
  }

  const site_rows& known_;
  const time now_;
  const account_rules& rules_;
  const host_queries& host_;
  std::map<std::string, std::string> shared_networks_;  // site -> network
  std::optional<std::uint32_t> requested_uid_;
  changes changes_;
};

}  // namespace

changes reconcile(const ordered_containers& containers, const site_rows& known, time now, const account_rules& rules,
                  const host_queries& host) {
  return reconciler(known, now, rules, host).run(containers);
}

std::variant<ledger::site, std::string> reserve(const std::string& site, const site_rows& known, time now,
                                                const account_rules& rules, const host_queries& host,
                                                std::optional<std::uint32_t> requested_uid) {
  // As if it had had a container that was removed at once.
  site::site_container container;
  container.site = site;
  auto changes = reconciler(known, now, rules, host).run_new_site(container, requested_uid);
  if (changes.rows.empty()) return changes.refused[site];
  auto row = std::move(changes.rows.front());
  row.missing_since = row.retired_at = now;
  return row;
}

}  // namespace heberg::syncd
