// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/claim_book.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

namespace heberg::syncd {
namespace {

bool is_before(const site::claim* a, const site::claim* b) {
  return comes_before(*a, *b);
}

}  // namespace

bool comes_before(const site::claim& a, const site::claim& b) {
  if (const int order = a.site.compare(b.site); order != 0) return order < 0;
  const auto age = [](const site::claim& c) {
    return std::tuple(!c.inspected, c.created, std::string_view(c.container_id));
  };
  return age(a) < age(b);
}

ordered_claims put_in_order(const std::vector<site::claim>& claims) {
  ordered_claims ordered;
  ordered.reserve(claims.size());
  for (const auto& claim : claims) ordered.push_back(&claim);
  std::sort(ordered.begin(), ordered.end(), is_before);
  return ordered;
}

void claim_book::take(const docker::containers& all) {
  claims_.clear();
  refusals_.clear();
  ordered_.clear();
  for (const auto& [id, container] : all) judge(container);
  ordered_.reserve(claims_.size());
  for (const auto& [id, claim] : claims_) ordered_.push_back(&claim);
  std::sort(ordered_.begin(), ordered_.end(), is_before);
}

void claim_book::take_changes(const docker::containers& all, const docker::container_ids& changed) {
  for (const auto& id : changed) {
    forget(id);
    const auto container = all.find(id);
    if (container == all.end()) continue;
    judge(container->second);
    if (const auto claim = claims_.find(id); claim != claims_.end()) enter(claim->second);
  }
}

const site::claim* claim_book::find(const std::string& container_id) const {
  const auto found = claims_.find(container_id);
  return found == claims_.end() ? nullptr : &found->second;
}

bool claim_book::has(std::string_view site) const {
  const auto found =
      std::lower_bound(ordered_.begin(), ordered_.end(), site,
                       [](const site::claim* claim, std::string_view name) { return claim->site < name; });
  return found != ordered_.end() && (*found)->site == site;
}

std::map<std::string, std::string> claim_book::refused() const {
  std::map<std::string, std::string> all;
  for (const auto& [id, refusal] : refusals_)
    all["container " + site::quoted(refusal.container)] = "no site's: " + refusal.reason;
  return all;
}

void claim_book::judge(const docker::container& container) {
  auto verdict = classifier_.classify(container);
  if (auto* claim = std::get_if<site::claim>(&verdict)) {
    claims_.emplace(container.id, std::move(*claim));
  } else if (auto* refusal = std::get_if<site::refusal>(&verdict)) {
    refusals_.emplace(container.id, std::move(*refusal));
  }
}

void claim_book::forget(const std::string& id) {
  refusals_.erase(id);
  const auto found = claims_.find(id);
  if (found == claims_.end()) return;
  const auto [first, last] = std::equal_range(ordered_.begin(), ordered_.end(), &found->second, is_before);
  ordered_.erase(first, last);  // itself alone: no two claims have one container
  claims_.erase(found);
}

void claim_book::enter(const site::claim& claim) {
  ordered_.insert(std::upper_bound(ordered_.begin(), ordered_.end(), &claim, is_before), &claim);
}

}  // namespace heberg::syncd
