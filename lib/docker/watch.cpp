// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/watch.h"

#include <algorithm>
#include <utility>

namespace heberg::docker {
namespace {

// Everything of a list entry that can change in a container's life. Two entries of one container with equal text need
// one inspection.
std::string describe(const container& entry) {
  std::string text;
  const auto add = [&text](std::string_view part) { text.append(part) += '\0'; };
  add(entry.name);
  add(entry.image);
  add(entry.image_id);
  add(std::to_string(static_cast<int>(entry.state)));
  add(std::to_string(static_cast<int>(entry.health)));
  for (const auto& n : entry.networks) {
    for (const auto* part : {&n.name, &n.id, &n.ipv4, &n.ipv6, &n.gateway}) add(*part);
  }
  for (const auto& p : entry.exposed_ports) add(std::to_string(p.number) + "/" + p.protocol);
  return text;
}

}  // namespace

watch::watch(const watch_options& options, std::uint32_t seed)
    : options_(options), random_(seed), backoff_(options.backoff_min) {}

std::vector<watch_action> watch::resume(watch_input input) {
  std::visit([this](auto&& what) { on(std::move(what)); }, std::move(input));
  return std::exchange(actions_, {});
}

// ---- the connection ----

void watch::on(watch_started&&) {
  act(do_subscribe{});
}

void watch::on(watch_subscribed&&) {
  begin_list();
}

void watch::on(watch_disconnected&& what) {
  phase_ = phase::offline;
  for (const auto& id : queued_) last_entry_.erase(id);  // not confirmed
  for (const auto& [id, f] : flights_) last_entry_.erase(id);
  queue_.clear();
  queued_.clear();
  flights_.clear();
  unsynced_.clear();
  touched_.clear();
  settling_ = publishing_ = false;
  if (!outage_reported_) act(do_report_lost{what.reason});
  const auto delay = next_backoff(what.absent);
  if (what.reason != outage_reason_) {
    note(log_level::warning, what.reason + "; trying again until it works");
  } else {
    note(log_level::debug, what.reason + "; trying again in " + std::to_string(delay.count()) + " ms");
  }
  outage_reported_ = true;
  outage_reason_ = std::move(what.reason);
  act(do_wait{watch_timer::reconnect, delay});
}

// Half of the delay is fixed, half is random, so that many clients of one engine do not come back at once.
std::chrono::milliseconds watch::next_backoff(bool absent) {
  const auto limit = absent ? std::min(options_.backoff_max, k_absent_backoff_max) : options_.backoff_max;
  const auto base = std::min(backoff_, limit);
  backoff_ = std::min(base * 2, options_.backoff_max);
  std::uniform_int_distribution<std::int64_t> jitter(base.count() / 2, base.count());
  return std::chrono::milliseconds(jitter(random_));
}

void watch::on(watch_elapsed&& what) {
  switch (what.timer) {
    case watch_timer::reconnect:
      if (phase_ == phase::offline) act(do_subscribe{});
      break;
    case watch_timer::resync:
      if (phase_ == phase::following) begin_list();
      break;
    case watch_timer::settle:
      settling_ = false;
      dispatch();
      report_changes();
      break;
    case watch_timer::publish:
      publishing_ = false;
      if (!unreported_.empty() && in_touch()) act(do_report_changed{std::exchange(unreported_, {})});
      break;
  }
}

// ---- lists ----

void watch::begin_list() {
  phase_ = phase::listing;
  touched_.clear();
  act(do_list{});
}

void watch::on(watch_listed&& what) {
  if (phase_ != phase::listing) return;
  phase_ = phase::syncing;
  std::set<std::string> listed;
  for (auto& entry : what.entries) take_list_entry(std::move(entry), listed);
  std::vector<std::string> absent;
  for (const auto& [id, value] : known_) {
    if (!listed.contains(id) && !touched_.contains(id)) absent.push_back(id);
  }
  for (const auto& id : absent) forget(id);
  std::erase_if(failure_, [&](const auto& f) { return !known_.contains(f.first) && !listed.contains(f.first); });
  touched_.clear();
  dispatch();
  finish({});
}

void watch::take_list_entry(container&& entry, std::set<std::string>& listed) {
  if (!listed.insert(entry.id).second || flights_.contains(entry.id)) return;
  const bool has_event = touched_.contains(entry.id);
  if (has_event && !queued_.contains(entry.id)) return;  // inspected or destroyed since, which is newer than this list
  if (!has_event) {
    auto text = describe(entry);
    auto& last = last_entry_[entry.id];
    if (last == text && known_.contains(entry.id)) return;
    last = std::move(text);
  }
  enqueue(entry.id);
  std::string id = entry.id;
  unsynced_.insert_or_assign(std::move(id), std::move(entry));
}

// ---- events ----

void watch::on(watch_events&& what) {
  if (phase_ == phase::offline) return;
  for (const auto& e : what.events) {
    if (e.kind == event_kind::changed) touch(e.id);
    if (e.kind == event_kind::gone) {
      if (phase_ == phase::listing) touched_.insert(e.id);
      forget(e.id);
    }
  }
  // While busy, what is new waits in the queue anyway, and finds company there.
  const bool idle = phase_ == phase::following && flights_.empty() && !settling_;
  if (idle && (!queued_.empty() || !unreported_.empty())) {
    settling_ = true;
    act(do_wait{watch_timer::settle, k_settle});
  }
  finish({});
}

void watch::touch(const std::string& id) {
  if (phase_ == phase::listing) touched_.insert(id);
  last_entry_.erase(id);
  enqueue(id);
}

void watch::forget(const std::string& id) {
  queued_.erase(id);
  unsynced_.erase(id);
  last_entry_.erase(id);
  failure_.erase(id);
  if (const auto f = flights_.find(id); f != flights_.end()) f->second = {.again = false, .gone = true};
  if (known_.erase(id) > 0) unreported_.insert(id);
}

// ---- inspections ----

void watch::enqueue(const std::string& id) {
  if (const auto f = flights_.find(id); f != flights_.end()) {
    f->second.again = !f->second.gone;
  } else if (queued_.insert(id).second) {
    queue_.push_back(id);
  }
}

void watch::dispatch() {
  // The first list after a connection names what to inspect; until then each inspection would be one too many.
  if (phase_ == phase::listing && (outage_reported_ || !ever_synced_)) return;
  while (!queued_.empty() && flights_.size() < options_.inspect_connections) {
    auto id = std::move(queue_.front());
    queue_.pop_front();
    if (queued_.erase(id) == 0) continue;
    act(do_inspect{id});
    flights_.emplace(std::move(id), flight{});
  }
  if (queued_.empty()) queue_.clear();
}

// The inspection under way is over. Nothing where it is not wanted any more.
std::optional<watch::flight> watch::land(const std::string& id) {
  const auto found = flights_.find(id);
  if (found == flights_.end()) return std::nullopt;
  const auto f = found->second;
  flights_.erase(found);
  return f;
}

void watch::on(watch_inspected&& what) {
  const std::string id = what.value.id;
  const auto f = land(id);
  if (!f) return;
  if (!f->gone) {
    failure_.erase(id);
    const auto [place, is_new] = known_.try_emplace(id);
    if (is_new || place->second != what.value) {
      place->second = std::move(what.value);
      unreported_.insert(id);
    }
    if (f->again) enqueue(id);
  }
  finish(id);
}

void watch::on(watch_vanished&& what) {
  if (!land(what.id)) return;
  forget(what.id);
  finish(what.id);
}

void watch::on(watch_inspect_failed&& what) {
  const auto f = land(what.id);
  if (!f) return;
  if (!f->gone) {
    auto& last = failure_[what.id];
    if (last != what.reason) note(log_level::warning, "container " + what.id.substr(0, 12) + ": " + what.reason);
    last = std::move(what.reason);
    last_entry_.erase(what.id);
    if (const auto entry = unsynced_.find(what.id); entry != unsynced_.end()) keep_listed(std::move(entry->second));
    if (f->again) enqueue(what.id);
  }
  finish(what.id);
}

// Takes what the list has of a container: its inspection failed.
void watch::keep_listed(container&& entry) {
  const auto [place, is_new] = known_.try_emplace(entry.id);
  if (!is_new && (place->second.inspected || place->second == entry)) return;
  unreported_.insert(entry.id);
  place->second = std::move(entry);
}

// After anything that may have been the last thing to wait for.
void watch::finish(const std::string& id) {
  unsynced_.erase(id);
  if (!settling_) dispatch();
  if (phase_ == phase::syncing && unsynced_.empty()) {
    phase_ = phase::following;
    if (outage_reported_ || !ever_synced_) {
      note(log_level::info, "the engine answers: " + std::to_string(known_.size()) + " containers");
    }
    ever_synced_ = true;
    outage_reported_ = false;
    unreported_.clear();
    outage_reason_.clear();
    backoff_ = options_.backoff_min;
    act(do_report_synced{});
    act(do_wait{watch_timer::resync, options_.resync_interval});
  }
  report_changes();
}

void watch::report_changes() {
  if (unreported_.empty() || !in_touch() || settling_) return;
  if (queued_.empty() && flights_.empty()) {
    act(do_report_changed{std::exchange(unreported_, {})});
  } else if (!publishing_) {
    publishing_ = true;
    act(do_wait{watch_timer::publish, k_publish_delay});
  }
}

}  // namespace heberg::docker
