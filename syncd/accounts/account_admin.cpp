// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/account_admin.h"

#include "site/site.h"
#include "tree/layout.h"

#include <exception>
#include <utility>
#include <variant>
#include <vector>

namespace heberg::syncd {
namespace {

admin_result unsaved(const std::string& site) {
  return {admin_result::failed,
          site + ": the change is not saved and published yet; the log says why, and it is tried again"};
}

admin_result unknown(const std::string& site) {
  return {admin_result::refused, "no such site: " + site};
}

}  // namespace

admin_result account_admin::lock(const std::string& site, const std::string& why) {
  const auto* known = parts_.sites.find(site);
  if (known == nullptr) return unknown(site);
  auto row = *known;
  row.lock_reason = why;
  if (!row.is_locked()) row.locked_at = parts_.time.wall_now();
  parts_.sessions.add(row.uid);
  parts_.writer.store(std::move(row));
  parts_.writer.log_when_saved({site, "locked: " + why});
  if (!parts_.writer.flush()) return unsaved(site);
  return {admin_result::done, site + ": locked, its sessions are cut"};
}

admin_result account_admin::unlock(const std::string& site) {
  const auto* known = parts_.sites.find(site);
  if (known == nullptr) return unknown(site);
  auto row = *known;
  row.locked_at.reset();
  row.lock_reason.clear();
  parts_.writer.store(std::move(row));
  parts_.writer.log_when_saved({site, "unlocked"});
  if (!parts_.writer.flush()) return unsaved(site);
  return {admin_result::done, site + ": unlocked"};
}

admin_result account_admin::reserve(const std::string& site, std::optional<std::uint32_t> requested_uid) {
  if (auto why = site::explain_site_name(site); !why.empty()) return {admin_result::refused, why};
  if (!parts_.trees.is_root_safe()) return {admin_result::failed, "the sites root is unsafe; the log says why"};
  if (parts_.sites.find(site) == nullptr) {
    auto found = parts_.reconciler.reserve(site, requested_uid);
    if (const auto* why = std::get_if<std::string>(&found)) return {admin_result::refused, site + ": " + *why};
    auto& row = std::get<ledger::site>(found);
    parts_.writer.log_when_saved({site, "reserved, uid " + std::to_string(row.uid)});
    parts_.writer.store(std::move(row));
  }
  if (parts_.sites.is_unsaved(site) && !parts_.writer.flush()) return unsaved(site);
  const auto uid = parts_.sites.find(site)->uid;
  if (!requested_uid) {
    const auto problems = parts_.tree_store.make_tree(site, uid);
    if (!problems.empty()) return {admin_result::refused, problems.front()};
  }
  return {admin_result::done, site + ": reserved, uid " + std::to_string(uid)};
}

std::string account_admin::explain_in_use(const std::string& site) const {
  if (!parts_.reconciler.is_in_touch())
    return "the engine does not answer: whether " + site + " has a container is not known";
  if (parts_.reconciler.containers().has(site)) return site + " has a container: remove that first";
  if (!parts_.sites.find(site)->is_retired()) return site + " had a container a moment ago: try again in some seconds";
  return {};
}

admin_result account_admin::purge(const std::string& site, tree_fate tree) {
  if (parts_.sites.find(site) == nullptr) return unknown(site);
  if (auto why = explain_in_use(site); !why.empty()) return {admin_result::refused, why};
  if (parts_.sites.has_unsaved() && !parts_.writer.flush()) return unsaved(site);
  const auto uid = parts_.sites.find(site)->uid;
  // The tree first: a row without a tree can be purged again, a tree without a row would belong to nobody.
  if (tree == tree_fate::moved_away) parts_.tree_store.move_tree(site, tree::purged_name(site));
  parts_.ledger.erase_site(site);
  parts_.sites.erase(site);
  forget(site);
  parts_.trees.check_root();  // reads the trees' owners anew
  parts_.log.write(level::info, site, "purged: uid " + std::to_string(uid) + " is given to no other site");
  return {admin_result::done, site + ": purged"};
}

admin_result account_admin::rename(const std::string& site, const std::string& to) {
  const auto* row = parts_.sites.find(site);
  if (row == nullptr) return unknown(site);
  if (auto why = site::explain_site_name(to); !why.empty()) return {admin_result::refused, why};
  if (auto why = explain_in_use(site); !why.empty()) return {admin_result::refused, why};
  if (parts_.sites.find(to) != nullptr) return {admin_result::refused, "the name " + to + " is taken by another site"};
  if (parts_.tree_store.has_tree(to))
    return {admin_result::refused, "the name " + to + " is taken: a tree of that name exists"};
  if (auto why = parts_.names.explain_foreign(to, row->uid); !why.empty())
    return {admin_result::refused, to + ": " + why};
  if (parts_.sites.has_unsaved() && !parts_.writer.flush()) return unsaved(site);
  return rename_in_ledger_and_tree(site, to);
}

admin_result account_admin::rename_in_ledger_and_tree(const std::string& site, const std::string& to) {
  const ledger::tree_move move{site, to};
  parts_.renames.rename_site(move);
  try {
    parts_.tree_store.move_tree(site, to);
  } catch (const std::exception& error) {
    parts_.renames.undo_rename(move);
    return {admin_result::failed, site + ": not renamed: " + error.what()};
  }
  parts_.renames.finish_move(move);
  parts_.sites.rename(site, to);
  forget(site);
  parts_.log.write(level::info, site, "renamed to " + to);
  return {admin_result::done, site + ": renamed to " + to};
}

void account_admin::forget(const std::string& site) {
  parts_.trees.forget(site);
  parts_.passwords.forget(site);
  parts_.reconciler.forget(site);
}

}  // namespace heberg::syncd
