// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile/site_containers.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

namespace heberg::syncd {
namespace {

bool is_before(const site::site_container* a, const site::site_container* b) {
  return comes_before(*a, *b);
}

}  // namespace

bool comes_before(const site::site_container& a, const site::site_container& b) {
  if (const int order = a.site.compare(b.site); order != 0) return order < 0;
  const auto age = [](const site::site_container& c) {
    return std::tuple(!c.inspected, c.created, std::string_view(c.container_id));
  };
  return age(a) < age(b);
}

ordered_containers put_in_order(const std::vector<site::site_container>& containers) {
  ordered_containers ordered;
  ordered.reserve(containers.size());
  for (const auto& container : containers) ordered.push_back(&container);
  std::sort(ordered.begin(), ordered.end(), is_before);
  return ordered;
}

void site_containers::take(const docker::containers& all) {
  accepted_.clear();
  refused_.clear();
  ordered_.clear();
  for (const auto& [id, container] : all) classify(container);
  ordered_.reserve(accepted_.size());
  for (const auto& [id, container] : accepted_) ordered_.push_back(&container);
  std::sort(ordered_.begin(), ordered_.end(), is_before);
}

void site_containers::take_changes(const docker::containers& all, const docker::container_ids& changed) {
  for (const auto& id : changed) {
    forget(id);
    const auto container = all.find(id);
    if (container == all.end()) continue;
    classify(container->second);
    if (const auto accepted = accepted_.find(id); accepted != accepted_.end()) add(accepted->second);
  }
}

const site::site_container* site_containers::find(const std::string& container_id) const {
  const auto found = accepted_.find(container_id);
  return found == accepted_.end() ? nullptr : &found->second;
}

bool site_containers::has(std::string_view site) const {
  const auto found = std::lower_bound(
      ordered_.begin(), ordered_.end(), site,
      [](const site::site_container* container, std::string_view name) { return container->site < name; });
  return found != ordered_.end() && (*found)->site == site;
}

std::map<std::string, std::string> site_containers::refused() const {
  std::map<std::string, std::string> all;
  for (const auto& [id, refusal] : refused_)
    all["container " + site::quoted(refusal.container)] = "not accepted as a site's container: " + refusal.reason;
  return all;
}

void site_containers::classify(const docker::container& container) {
  auto result = classifier_.classify(container);
  if (explain_mounts_) {
    if (auto why = explain_mounts_(container); !why.empty())
      result = site::rejected_container{container.name, std::move(why)};
  }
  if (auto* accepted = std::get_if<site::site_container>(&result)) {
    accepted_.emplace(container.id, std::move(*accepted));
  } else if (auto* refusal = std::get_if<site::rejected_container>(&result)) {
    refused_.emplace(container.id, std::move(*refusal));
  }
}

void site_containers::forget(const std::string& id) {
  refused_.erase(id);
  const auto found = accepted_.find(id);
  if (found == accepted_.end()) return;
  const auto [first, last] = std::equal_range(ordered_.begin(), ordered_.end(), &found->second, is_before);
  ordered_.erase(first, last);  // itself alone: IDs are unique
  accepted_.erase(found);
}

void site_containers::add(const site::site_container& container) {
  ordered_.insert(std::upper_bound(ordered_.begin(), ordered_.end(), &container, is_before), &container);
}

}  // namespace heberg::syncd
