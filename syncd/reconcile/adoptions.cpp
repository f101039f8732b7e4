// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile/adoptions.h"

#include "tree/layout.h"

#include <algorithm>

namespace heberg::syncd {
namespace {

// The site's tree, or what is left of an earlier one.
bool is_of(const std::string& tree, const std::string& site) {
  return tree == site || tree::site_of_leftover(tree) == site;
}

}  // namespace

adoptions::adoptions(const tree::site_owners& trees, uid_range range) : trees_(trees), range_(range) {}

const std::vector<adoptions::owned_tree>& adoptions::trees_of(std::uint32_t uid) {
  if (!trees_by_uid_) {
    trees_by_uid_.emplace();
    for (const auto& [site, owner] : trees_) {
      if (!owner.www) continue;
      const auto mark = mark_of(owner);
      if (!mark || mark == owner.www) (*trees_by_uid_)[*owner.www].push_back({site, mark.has_value()});
    }
  }
  return trees_by_uid_->at(uid);
}

// A group outside the range is no mark: a tree that is older than heberg may have any group.
std::optional<std::uint32_t> adoptions::mark_of(const tree::site_owner& tree) const {
  return tree.mark && range_.holds(*tree.mark) ? tree.mark : std::nullopt;
}

uid_set adoptions::seen() const {
  std::vector<std::uint32_t> uids;
  uids.reserve(2 * trees_.size());
  for (const auto& [site, owner] : trees_) {
    if (owner.www) uids.push_back(*owner.www);
    if (const auto mark = mark_of(owner)) uids.push_back(*mark);
  }
  return {uids.begin(), uids.end()};
}

bool adoptions::is_anothers(std::uint32_t uid, const std::string& site) const {
  return std::ranges::any_of(trees_, [&](const auto& tree) {
    return !is_of(tree.first, site) && (tree.second.www == uid || mark_of(tree.second) == uid);
  });
}

adoptions::adoption adoptions::find_uid(const std::string& site) {
  const auto tree = trees_.find(site);
  if (tree == trees_.end() || !tree->second.www || !range_.holds(*tree->second.www)) return {};
  const auto uid = *tree->second.www;
  const std::string refusal = "its www folder belongs to uid " + std::to_string(uid) + ", which is not taken over: ";
  const auto mark = mark_of(tree->second);
  if (mark && mark != uid) return {{}, refusal + "the group of its tree is " + std::to_string(*mark)};
  for (const auto& other : trees_of(uid)) {
    if (is_of(other.site, site) || (mark && !other.is_marked)) continue;
    return {{}, refusal + "so does " + other.site + "'s"};
  }
  return {uid, {}};
}

}  // namespace heberg::syncd
