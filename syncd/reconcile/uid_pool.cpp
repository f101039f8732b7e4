// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile/uid_pool.h"

#include "base/names.h"

#include <algorithm>
#include <utility>

namespace heberg::syncd {
namespace {

// The highest member within the range; one below its first where there is none.
std::uint64_t highest_in(const uid_set& uids, uid_range range) {
  auto above = uids.upper_bound(range.last);
  if (above == uids.begin()) return std::uint64_t{range.first} - 1;
  return std::max(std::uint64_t{*--above}, std::uint64_t{range.first} - 1);
}

}  // namespace

uid_pool::uid_pool(uid_range range, uid_set given, uid_set seen)
    : range_(range), given_(std::move(given)), seen_(std::move(seen)) {}

bool uid_pool::is_used(std::uint32_t uid) const {
  return given_.contains(uid) || seen_.contains(uid) || !is_site_id(uid);
}

bool uid_pool::adopt(std::uint32_t uid) {
  return range_.holds(uid) && is_site_id(uid) && given_.insert(uid).second;
}

std::optional<std::uint32_t> uid_pool::next() const {
  // 64 bits: the range may end at the highest UID there is.
  const auto highest = std::max(highest_in(given_, range_), highest_in(seen_, range_));
  for (auto uid = highest + 1; uid <= range_.last; ++uid) {
    if (!is_used(static_cast<std::uint32_t>(uid))) return static_cast<std::uint32_t>(uid);
  }
  for (std::uint64_t uid = range_.first; uid <= range_.last; ++uid) {
    if (!is_used(static_cast<std::uint32_t>(uid))) return static_cast<std::uint32_t>(uid);
  }
  return std::nullopt;
}

std::optional<std::uint32_t> uid_pool::take_next() {
  const auto uid = next();
  if (uid) given_.insert(*uid);
  return uid;
}

void uid_pool::give_back(std::uint32_t uid) {
  given_.erase(uid);
}

}  // namespace heberg::syncd
