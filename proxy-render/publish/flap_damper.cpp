// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/flap_damper.h"

#include <algorithm>
#include <set>
#include <span>
#include <unordered_set>
#include <utility>

namespace heberg::proxy {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t k_changes_max = 3;
constexpr auto k_window = 60s;
constexpr std::chrono::seconds k_hold_min = 30s;
constexpr std::chrono::seconds k_hold_max = 300s;
constexpr auto k_forget_after = 600s;  // since the last change

// Where a host's requests go.
std::vector<std::pair<service, std::vector<backend>>> reach_of(const vhost& host) {
  std::vector<std::pair<service, std::vector<backend>>> all;
  for (const auto& one : host.locations) all.emplace_back(one.service, one.backends);
  return all;
}

using address = std::pair<std::string, std::uint16_t>;

std::set<address> addresses_of(const vhost& host) {
  std::set<address> all;
  for (const auto& one : host.locations) {
    for (const auto& to : one.backends) all.emplace(to.address, to.port);
  }
  return all;
}

bool has_addresses_of(const vhost& host, const vhost& other) {
  const auto has = addresses_of(host);
  const auto wanted = addresses_of(other);
  return std::ranges::includes(has, wanted);
}

// All names of proxy.shared_hosts have one owner; they are no reason to hold each other's names.
std::string key_of(const vhost& host) {
  return host.owner == k_shared_owner ? "host:" + host.host.text : host.owner;
}

// The host as it is to be now, reached as it was, but for addresses that it does not have any more.
shared_vhost reached_as(const vhost& host, const vhost& last) {
  const auto still = addresses_of(host);
  auto made = std::make_shared<vhost>(host);
  for (std::size_t i = 0; i < made->locations.size(); ++i) {
    auto& one = made->locations[i];
    one.service = last.locations[i].service;
    one.backends = last.locations[i].backends;
    std::erase_if(one.backends, [&](const backend& to) { return !still.contains({to.address, to.port}); });
    if (one.service == service::up && one.backends.empty()) one.service = service::stopped;
  }
  return made;
}

bool has_routes_of(const vhost& host, const vhost& other) {
  return std::ranges::equal(host.locations, other.locations, {}, &location::route, &location::route);
}

using host_span = std::span<const shared_vhost>;

// The hosts of both lists without those that they share at the beginning and at the end: one event changes few hosts of
// ten thousand, and the lists are sorted.
std::pair<host_span, host_span> differing_parts(const vhost_list& a, const vhost_list& b) {
  host_span left = a.shared();
  host_span right = b.shared();
  const auto front = std::ranges::mismatch(left, right);
  left = {front.in1, left.end()};
  right = {front.in2, right.end()};
  while (!left.empty() && !right.empty() && left.back() == right.back()) {
    left = left.first(left.size() - 1);
    right = right.first(right.size() - 1);
  }
  return {left, right};
}

// The hosts of `list` that `other` does not share, by name.
std::map<site::host, shared_vhost> list_others(const vhost_list& list, const vhost_list& other) {
  const auto [differing, others] = differing_parts(list, other);
  std::unordered_set<const vhost*> shared;
  for (const auto& host : others) shared.insert(host.get());
  std::map<site::host, shared_vhost> found;
  for (const auto& host : differing) {
    if (!shared.contains(host.get())) found.emplace(host->host, host);
  }
  return found;
}

}  // namespace

flap_damper::result flap_damper::settle(const vhost_list& wanted, bool is_crowded, time now) {
  const auto before = list_others(settled_, wanted);
  std::set<std::string> changed;
  for (const auto& host : differing_parts(settled_, wanted).second) {
    const auto last = before.find(host->host);
    if (last != before.end() && reach_of(*last->second) != reach_of(*host)) changed.insert(key_of(*host));
  }
  result made;
  for (const auto& key : changed) {
    auto& state = owners_[key];
    state.last_change = now;
    if (now < state.held_until) continue;
    state.changes.push_back(now);
    if (state.changes.size() > k_changes_max + 1) state.changes.pop_front();
    const bool is_restless = state.changes.size() > k_changes_max && now - state.changes.front() <= k_window;
    if (!is_restless || !is_crowded) continue;
    state.changes.clear();
    state.held_until = now + state.hold_for;
    state.hold_for = std::min(2 * state.hold_for, k_hold_max);
    made.held.push_back(key);
  }
  std::erase_if(owners_, [&](const auto& one) {
    const auto& state = one.second;
    return now >= state.held_until && now - state.last_change > k_forget_after;
  });

  if (!next_release(now)) {
    settled_ = made.vhosts = wanted;
    return made;
  }
  std::vector<shared_vhost> hosts;
  hosts.reserve(wanted.size());
  for (const auto& host : wanted.shared()) {
    const auto last = before.find(host->host);
    const auto state = last == before.end() ? owners_.end() : owners_.find(key_of(*host));
    const bool is_held = state != owners_.end() && now < state->second.held_until && last->second->owner == host->owner;
    if (!is_held || reach_of(*last->second) == reach_of(*host)) {
      hosts.push_back(host);
    } else if (!has_routes_of(*host, *last->second)) {
      hosts.push_back(host);  // what it serves was changed
    } else {
      hosts.push_back(reached_as(*host, *last->second));
    }
  }
  settled_ = vhost_list(std::move(hosts));
  made.vhosts = settled_;
  return made;
}

bool flap_damper::has_restless(time now) const {
  return std::ranges::any_of(owners_, [&](const auto& one) {
    const auto& changes = one.second.changes;
    // With the next change it is too often.
    return changes.size() >= k_changes_max && now - changes[changes.size() - k_changes_max] <= k_window;
  });
}

std::optional<flap_damper::time> flap_damper::next_release(time now) const {
  std::optional<time> first;
  for (const auto& [key, state] : owners_) {
    if (state.held_until > now) first = std::min(first.value_or(time::max()), state.held_until);
  }
  return first;
}

bool loses_address(const vhost_list& before, const vhost_list& now) {
  const auto gone = list_others(before, now);
  if (gone.empty()) return false;
  const auto come = list_others(now, before);
  return std::ranges::any_of(gone, [&](const auto& one) {
    const auto& [name, host] = one;
    const auto next = come.find(name);
    return next == come.end() ? !addresses_of(*host).empty() : !has_addresses_of(*next->second, *host);
  });
}

}  // namespace heberg::proxy
