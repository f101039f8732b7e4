// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/account_reconciler.h"

#include <utility>

namespace heberg::syncd {
namespace {

// Other sources of names may be slow: the loop asks them about new sites for this long at a time.
constexpr std::chrono::milliseconds k_query_time{200};

}  // namespace

account_reconciler::account_reconciler(const settings& settings, const reconciler_parts& parts)
    : rules_{.uids = {settings.accounts.uid_min, settings.accounts.uid_max},
             .retire_after = settings.accounts.retire_after},
      parts_(parts),
      containers_(
          site::classifier({.root = settings.sites.host_root.empty() ? settings.sites.root : settings.sites.host_root,
                            .images = settings.sites.images,
                            .named_by_label = settings.sites.named_by_label}),
          [&trees = parts.trees](const docker::container& container) { return trees.explain_mounts(container); }) {}

void account_reconciler::take(const docker::containers& all) {
  is_in_touch_ = true;
  containers_.take(all);
  reconcile();
}

void account_reconciler::take_changes(const docker::containers& all, const docker::container_ids& changed) {
  is_in_touch_ = true;
  containers_.take_changes(all, changed);
  reconcile();
}

void account_reconciler::lose_engine() {
  is_in_touch_ = false;
  due_.reset();
}

void account_reconciler::reconcile_due() {
  if (is_in_touch_ && due_ && *due_ <= parts_.time.steady_now()) reconcile();
}

std::optional<steady_time> account_reconciler::next_due() const {
  return is_in_touch_ ? due_ : std::nullopt;
}

std::variant<ledger::site, std::string> account_reconciler::reserve(const std::string& site,
                                                                    std::optional<std::uint32_t> requested_uid) {
  auto queries = queries_with_deadline();
  queries.has_time = [] { return true; };
  queries.last_refusal = [](const std::string&) { return std::string(); };
  return syncd::reserve(site, parts_.sites.rows(), parts_.time.wall_now(), rules_, queries, requested_uid);
}

host_queries account_reconciler::queries_with_deadline() {
  return {.owners_of_trees = [this]() -> const tree::site_owners& { return parts_.trees.owners_of_trees(); },
          .spent_uids = [this] { return parts_.ledger.list_spent_uids(); },
          .explain_foreign = [this](const std::string& site,
                                    std::uint32_t uid) { return parts_.names.explain_foreign(site, uid); },
          .has_time = [this, deadline = parts_.time.steady_now() +
                                        k_query_time] { return parts_.time.steady_now() < deadline; },
          .last_refusal =
              [this](const std::string& site) {
                const auto found = foreign_.find(site);
                return found == foreign_.end() ? std::string() : found->second;
              }};
}

void account_reconciler::reconcile() {
  const auto now = parts_.time.wall_now();
  auto changes = syncd::reconcile(containers_.ordered(), parts_.sites.rows(), now, rules_, queries_with_deadline());

  due_.reset();
  if (changes.next) due_ = parts_.time.steady_now() + (*changes.next - now);
  if (changes.is_unfinished) due_ = parts_.time.steady_now();
  for (auto& row : changes.rows) {
    const auto* known = parts_.sites.find(row.name);
    if (known != nullptr && !known->is_retired() && row.is_retired()) parts_.sessions.add(row.uid);
    parts_.writer.store(std::move(row));
  }
  for (auto& site : changes.appeared) parts_.writer.visit_when_saved(std::move(site));
  for (auto& event : changes.events) parts_.writer.log_when_saved(std::move(event));

  auto refused = containers_.refused();
  for (const auto& [site, why] : changes.refused) refused[site] = "no account: " + why;
  foreign_ = std::move(changes.refused);
  report_refused(std::move(refused));
}

void account_reconciler::report_refused(std::map<std::string, std::string> refused) {
  for (const auto& [subject, why] : refused) {
    const auto known = refused_.find(subject);
    if (known == refused_.end() || known->second != why) parts_.log.write(level::warning, subject, why);
  }
  refused_ = std::move(refused);
}

}  // namespace heberg::syncd
