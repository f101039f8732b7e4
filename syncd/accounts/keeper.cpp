// SPDX-License-Identifier: LGPL-2.1-or-later
// Containers to accounts. The passwords' part is in keeper_passwords.cpp, the sysadmin's in keeper_admin.cpp.
#include "syncd/accounts/keeper.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace heberg::syncd {
namespace {

constexpr std::size_t k_slice = 64;  // trees in one go: a few milliseconds

// Other sources of names may be slow: so long at a time are they asked about new sites.
constexpr std::chrono::milliseconds k_asking{200};

// A login that was just passing when its account went shows up a little later.
constexpr std::chrono::milliseconds k_cut_delays[] = {std::chrono::milliseconds(0), std::chrono::milliseconds(1000),
                                                      std::chrono::milliseconds(3000)};

}  // namespace

keeper::keeper(const settings& settings, machine& machine)
    : settings_(settings),
      rules_{.uids = {settings.accounts.uid_min, settings.accounts.uid_max},
             .retire_after = settings.accounts.retire_after},
      machine_(machine),
      claims_(
          site::classifier({.root = settings.sites.host_root.empty() ? settings.sites.root : settings.sites.host_root,
                            .images = settings.sites.images})) {}

void keeper::start() {
  check_root();
  for (auto& row : machine_.read_sites()) {
    // Their sessions should be gone; but whoever was killed before it cut them could not.
    if (row.is_retired() || row.is_locked()) to_cut_.insert(row.uid);
    if (!row.is_retired()) ++accounts_;
    auto name = row.name;
    rows_.emplace(std::move(name), std::move(row));
  }
  publishing_.note_change(machine_.steady_time());
}

void keeper::take(const docker::containers& all) {
  in_touch_ = true;
  check_root();
  claims_.take(all);
  reconcile_claims();
  for (const auto& [name, row] : rows_) {
    if (!row.is_retired()) trees_.insert(name);
  }
}

void keeper::take_changes(const docker::containers& all, const docker::container_ids& changed) {
  in_touch_ = true;
  claims_.take_changes(all, changed);
  reconcile_claims();
}

void keeper::lose_engine() {
  in_touch_ = false;
  reconcile_due_.reset();
}

questions keeper::questions_of_machine() {
  return {.owners_of_trees = [this]() -> const tree::site_owners& { return machine_.owners_of_trees(); },
          .explain_foreign = [this](const std::string& site,
                                    std::uint32_t uid) { return machine_.explain_foreign(site, uid); },
          .has_time = [this, end = machine_.steady_time() + k_asking] { return machine_.steady_time() < end; },
          .last_refusal =
              [this](const std::string& site) {
                const auto found = foreign_.find(site);
                return found == foreign_.end() ? std::string() : found->second;
              }};
}

void keeper::reconcile_claims() {
  const auto now = machine_.wall_time();
  const auto ask = questions_of_machine();
  auto changes = reconcile(claims_.ordered(), rows_, now, rules_, ask);

  reconcile_due_.reset();
  if (changes.next) reconcile_due_ = machine_.steady_time() + (*changes.next - now);
  if (changes.is_unfinished) reconcile_due_ = machine_.steady_time();
  for (auto& row : changes.rows) {
    const auto known = rows_.find(row.name);
    if (known == rows_.end()) unborn_.insert(row.name);
    if (known != rows_.end() && !known->second.is_retired() && row.is_retired()) to_cut_.insert(row.uid);
    store_row(std::move(row));
  }
  std::move(changes.appeared.begin(), changes.appeared.end(), std::back_inserter(appeared_));
  std::move(changes.events.begin(), changes.events.end(), std::back_inserter(events_));

  auto refused = claims_.refused();
  for (const auto& [site, why] : changes.refused) refused[site] = "no account: " + why;
  foreign_ = std::move(changes.refused);
  tell_refused(std::move(refused));
}

void keeper::tell_refused(std::map<std::string, std::string> refused) {
  for (const auto& [who, why] : refused) {
    const auto known = refused_.find(who);
    if (known == refused_.end() || known->second != why) say(level::warning, who, why);
  }
  refused_ = std::move(refused);
}

void keeper::store_row(ledger::site row, hurry how) {
  unsaved_.insert(row.name);
  if (how == hurry::at_once) {
    publishing_.note_change(machine_.steady_time());
  } else {
    publishing_.note_slow_change(machine_.steady_time());
  }
  auto& known = rows_[row.name];
  const bool was_account = !known.name.empty() && !known.is_retired();
  if (was_account && row.is_retired()) --accounts_;
  if (!was_account && !row.is_retired()) ++accounts_;
  known = std::move(row);
}

void keeper::check_root() {
  const auto problem = machine_.check_root();
  root_is_sound_ = problem.empty();
  say_change("root", level::error, "sites root", problem);
  if (root_is_sound_) finish_moves();
}

bool keeper::flush() {
  const bool saved = save();
  // Trees before the account is published: whoever logs in at once finds his chroot. (Of thousands, the others follow.)
  if (saved) make_trees();
  const bool done = saved && publish();
  failing_ = !done;
  if (done) {
    publishing_.take_changes();
    publishing_.note_success(machine_.steady_time());
    published_ = true;
  } else {
    publishing_.note_failure(machine_.steady_time());
  }
  // Sessions are cut though the directory may still list their account: less is open than before. Then once more when
  // it does not.
  if (saved && !to_cut_.empty()) cut_later(done ? std::exchange(to_cut_, {}) : to_cut_);
  return done;
}

bool keeper::save() {
  std::vector<ledger::site> rows;
  for (const auto& name : unsaved_) rows.push_back(rows_.at(name));
  try {
    if (!rows.empty()) machine_.write_sites(rows);
  } catch (const std::exception& error) {
    say_change("ledger", level::error, "ledger",
               std::string(error.what()) + "; nothing was changed, it is tried again");
    return false;
  }
  say_change("ledger", level::info, "ledger", "");
  unsaved_.clear();
  unborn_.clear();
  for (const auto& event : std::exchange(events_, {})) say(event.weight, event.site, event.text);
  for (auto& name : std::exchange(appeared_, {})) trees_.insert(std::move(name));
  return true;
}

bool keeper::publish() {
  std::vector<directory::account> accounts;
  for (const auto& [name, row] : rows_) {
    if (row.is_retired()) continue;
    accounts.push_back({.name = name,
                        .id = row.uid,
                        .gecos = row.gecos,
                        .home = settings_.sites.root + "/" + name,
                        .shell = settings_.accounts.shell,
                        .hash = row.hash,
                        .locked = row.is_locked()});
  }
  try {
    machine_.publish(accounts);
  } catch (const std::exception& error) {
    say_change("directory", level::error, "directory",
               std::string(error.what()) + "; the old one stays, it is tried again");
    return false;
  }
  say_change("directory", level::info, "directory", "");
  return true;
}

void keeper::cut_later(std::set<std::uint32_t> uids) {
  const auto now = machine_.steady_time();
  for (const auto delay : k_cut_delays) cuts_.push_back({now + delay, uids});
  cut_due(now);
}

void keeper::cut_due(steady now) {
  std::set<std::uint32_t> uids;
  std::erase_if(cuts_, [&](pending_cut& cut) {
    if (cut.due > now) return false;
    uids.merge(cut.uids);
    return true;
  });
  if (uids.empty()) return;
  // Who has come back meanwhile keeps his sessions.
  for (const auto& [name, row] : rows_) {
    if (!row.is_retired() && !row.is_locked()) uids.erase(row.uid);
  }
  if (uids.empty()) return;
  try {
    if (const auto count = machine_.cut_sessions(uids); count > 0) {
      say(level::info, "sessions", std::to_string(count) + " processes of retired or locked accounts ended");
    }
  } catch (const std::exception& error) {
    say(level::error, "sessions", std::string("cannot be cut: ") + error.what());
  }
}

void keeper::make_trees() {
  for (std::size_t n = 0; n < k_slice && !trees_.empty(); ++n) visit_tree(trees_.extract(trees_.begin()).value());
}

void keeper::visit_tree(const std::string& site) {
  const auto* row = find_active(site);
  // One whose container is gone has the tree that it has: where that was moved away, no new one takes its place.
  if (row == nullptr || row->missing_since || !root_is_sound_) return;
  const auto problems = machine_.make_tree(site, row->uid);
  std::string all;
  for (const auto& problem : problems) all += (all.empty() ? "" : "; ") + problem;
  say_change("tree " + site, level::warning, site, all);
  looks_.insert(site);
}

std::optional<keeper::steady> keeper::work() {
  const auto now = machine_.steady_time();
  if (in_touch_ && reconcile_due_ && *reconcile_due_ <= now) reconcile_claims();
  if (const auto due = publishing_.due(); due && *due <= now) flush();
  cut_due(now);
  make_trees();
  poll_unwatched(now);
  look_at_passwords(now);
  return next_work();
}

std::optional<keeper::steady> keeper::next_work() const {
  std::optional<steady> next;
  const auto consider = [&](std::optional<steady> when) {
    if (when) next = next ? std::min(*next, *when) : when;
  };
  consider(publishing_.due());
  if (in_touch_) consider(reconcile_due_);
  for (const auto& cut : cuts_) consider(cut.due);
  for (const auto& [site, due] : urgent_) consider(due);
  if (!unwatched_.empty()) consider(next_poll_);
  // Without room to hash, finish_hash() brings the next turn.
  if (!trees_.empty() || (!looks_.empty() && machine_.has_room_to_hash())) consider(machine_.steady_time());
  return next;
}

bool keeper::waits_for_files_alone() const {
  return !publishing_.due() && cuts_.empty() && trees_.empty() && looks_.empty() && hashing_.empty();
}

bool keeper::is_settled() const {
  return waits_for_files_alone() && urgent_.empty();
}

const ledger::site* keeper::find_active(const std::string& site) const {
  const auto found = rows_.find(site);
  if (found == rows_.end() || found->second.is_retired() || unborn_.contains(site)) return nullptr;
  return &found->second;
}

std::string keeper::secrets_path(const std::string& site) const {
  return settings_.sites.root + "/" + site + "/" + tree::k_secrets_folder + "/" + tree::k_password_file;
}

void keeper::say(level level, const std::string& site, std::string_view text) {
  machine_.log(level, site + ": " + std::string(text));
}

// Says a text of this topic unless it was the last one said; empty: all is well again.
void keeper::say_change(const std::string& topic, level level, const std::string& site, const std::string& text) {
  const auto told = told_.find(topic);
  if (text.empty()) {
    if (told == told_.end()) return;
    told_.erase(told);
    say(level::info, site, "is well again");
    return;
  }
  if (told != told_.end() && told->second == text) return;
  told_[topic] = text;
  say(level, site, text);
}

}  // namespace heberg::syncd
