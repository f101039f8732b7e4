// SPDX-License-Identifier: LGPL-2.1-or-later
// The keeper's third part: what the sysadmin says.
#include "site/site.h"
#include "syncd/accounts/keeper.h"
#include "tree/layout.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace heberg::syncd {
namespace {

constexpr char k_unsaved[] = "it could not be saved and published yet; the log says why, and it is tried again";

}  // namespace

std::string keeper::lock(const std::string& site, const std::string& why) {
  const auto known = rows_.find(site);
  if (known == rows_.end()) return "no such site";
  auto row = known->second;
  row.lock_reason = why;
  if (!row.is_locked()) row.locked_at = machine_.wall_time();
  to_cut_.insert(row.uid);
  store_row(std::move(row));
  events_.push_back({site, "locked: " + why});
  return flush() ? "" : k_unsaved;
}

std::string keeper::unlock(const std::string& site) {
  const auto known = rows_.find(site);
  if (known == rows_.end()) return "no such site";
  auto row = known->second;
  row.locked_at.reset();
  row.lock_reason.clear();
  store_row(std::move(row));
  events_.push_back({site, "unlocked"});
  return flush() ? "" : k_unsaved;
}

keeper::outcome keeper::reserve(const std::string& site, std::optional<std::uint32_t> wished) {
  if (auto why = site::explain_site_name(site); !why.empty()) return {outcome::refused, why};
  if (!root_is_sound_) return {outcome::failed, "the sites root is not sound; the log says why"};
  if (!rows_.contains(site)) {
    const auto ask = questions_without_haste();
    auto found = syncd::reserve(site, rows_, machine_.wall_time(), rules_, ask, wished);
    if (const auto* why = std::get_if<std::string>(&found)) return {outcome::refused, site + ": " + *why};
    store_row(std::move(std::get<ledger::site>(found)));
    unborn_.insert(site);
    events_.push_back({site, "reserved, uid " + std::to_string(rows_.at(site).uid)});
  }
  if ((unsaved_.contains(site) || unborn_.contains(site)) && !flush()) return {outcome::failed, k_unsaved};
  const auto problems = wished ? std::vector<std::string>() : machine_.make_tree(site, rows_.at(site).uid);
  if (!problems.empty()) return {outcome::refused, problems.front()};
  return {outcome::done, site + ": reserved, uid " + std::to_string(rows_.at(site).uid)};
}

std::string keeper::explain_in_use(const std::string& site) const {
  if (!in_touch_) return "the engine does not answer: whether " + site + " has a container is not known";
  const auto& row = rows_.at(site);
  if (claims_.has(site)) return site + " has a container: remove that first";
  if (!row.is_retired()) return site + " had a container a moment ago: try again in some seconds";
  return {};
}

keeper::outcome keeper::purge(const std::string& site, tree_fate tree) {
  if (auto why = explain_in_use(site); !why.empty()) return {outcome::refused, why};
  if (!unsaved_.empty() && !flush()) return {outcome::failed, k_unsaved};
  const auto uid = rows_.at(site).uid;
  // The tree first: a row without a tree can be purged again, a tree without a row would be somebody's new site's.
  if (tree == tree_fate::aside) machine_.move_tree(site, tree::purged_name(site));
  machine_.erase_site(site);
  rows_.erase(site);
  forget(site);
  check_root();  // whose the trees are is found anew: the UID of one that stays is not to be given again
  say(level::info, site, "purged: uid " + std::to_string(uid) + " can be given again");
  return {outcome::done, site + ": purged"};
}

keeper::outcome keeper::rename(const std::string& site, const std::string& to) {
  if (auto why = site::explain_site_name(to); !why.empty()) return {outcome::refused, why};
  if (auto why = explain_in_use(site); !why.empty()) return {outcome::refused, why};
  if (rows_.contains(to)) return {outcome::refused, "the name " + to + " is taken by another site"};
  if (machine_.has_tree(to)) return {outcome::refused, "the name " + to + " is taken: a tree of that name is there"};
  auto row = rows_.at(site);
  if (auto why = machine_.explain_foreign(to, row.uid); !why.empty()) return {outcome::refused, to + ": " + why};
  if (!unsaved_.empty() && !flush()) return {outcome::failed, k_unsaved};

  const ledger::tree_move move{site, to};
  machine_.rename_site(move);
  try {
    machine_.move_tree(site, to);
  } catch (const std::exception& error) {
    machine_.undo_rename(move);
    return {outcome::failed, site + ": " + error.what() + "; its name stays"};
  }
  machine_.finish_move(move);
  row.name = to;
  rows_.erase(site);
  forget(site);
  rows_.emplace(to, std::move(row));
  say(level::info, site, "is " + to + " from now on");
  return {outcome::done, site + ": is " + to + " from now on"};
}

// Whoever was killed in the middle of a rename had noted it: the row has its new name already, its tree perhaps not.
void keeper::finish_moves() {
  std::string problem;
  try {
    for (const auto& move : machine_.list_moves()) {
      if (machine_.has_tree(move.from)) machine_.move_tree(move.from, move.to);
      machine_.finish_move(move);
      say(level::info, move.from, "is " + move.to + " from now on: a rename was finished");
    }
  } catch (const std::exception& error) {
    problem = std::string(error.what()) + "; it is tried again";
  }
  say_change("moves", level::error, "a rename that was begun", problem);
}

questions keeper::questions_without_haste() {
  auto ask = questions_of_machine();
  ask.has_time = [] { return true; };
  ask.last_refusal = [](const std::string&) { return std::string(); };
  return ask;
}

void keeper::forget(const std::string& site) {
  for (auto* names : {&unsaved_, &unborn_, &trees_, &looks_, &vanished_, &unwatched_, &touched_meanwhile_}) {
    names->erase(site);
  }
  urgent_.erase(site);
  hashing_.erase(site);
  foreign_.erase(site);
  told_.erase("tree " + site);
  told_.erase("password " + site);
}

}  // namespace heberg::syncd
