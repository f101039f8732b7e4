// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/password_manager.h"

#include "tree/password.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

namespace heberg::syncd {
namespace {

constexpr std::size_t k_at_a_time = 64;
constexpr std::size_t k_many = 16;

// From an event to the read: `echo x >password; chmod 600 password` is one change.
constexpr std::chrono::milliseconds k_settle_time{50};
// From a file's disappearance to a new password: editors rename the old file away before they write the new one.
constexpr std::chrono::milliseconds k_vanish_time{500};
constexpr std::chrono::milliseconds k_poll_interval{500};
constexpr std::chrono::milliseconds k_retry_time{5000};  // after a failure

using ledger::hash_origin;
using lane = hash_queue::lane;

}  // namespace

password_manager::password_manager(const settings& settings, password_parts parts)
    : settings_(settings), parts_(std::move(parts)) {}

void password_manager::touch(const std::string& site) {
  // A later event does not delay the read: a process that writes without pause would keep a change from taking effect.
  delayed_.try_emplace(site, parts_.time.steady_now() + k_settle_time);
}

void password_manager::touch_all() {
  for (const auto& [name, row] : parts_.sites.rows()) {
    if (!row.is_retired()) to_read_.insert(name);
  }
}

void password_manager::forget(const std::string& site) {
  for (auto* names : {&to_read_, &vanished_, &unwatched_, &touched_while_hashing_}) names->erase(site);
  delayed_.erase(site);
  hashing_.erase(site);
  parts_.log.forget("password " + site);
}

void password_manager::read_due() {
  const auto now = parts_.time.steady_now();
  add_unwatched(now);
  std::vector<std::string> due;
  for (const auto& [site, when] : delayed_) {
    if (when <= now) due.push_back(site);
  }
  for (const auto& site : due) {
    delayed_.erase(site);
    read(site, lane::urgent);
  }
  for (std::size_t n = 0; n < k_at_a_time && !to_read_.empty() && parts_.hashes.has_room(); ++n) {
    read(to_read_.extract(to_read_.begin()).value(), lane::bulk);
  }
}

std::optional<steady_time> password_manager::next_due() const {
  std::optional<steady_time> next;
  const auto consider = [&](steady_time when) { next = next ? std::min(*next, when) : when; };
  for (const auto& [site, due] : delayed_) consider(due);
  if (!unwatched_.empty() && next_poll_) consider(*next_poll_);
  // Without room to hash, finish_hash() brings the next call.
  if (!to_read_.empty() && parts_.hashes.has_room()) consider(parts_.time.steady_now());
  return next;
}

void password_manager::add_unwatched(steady_time now) {
  if (unwatched_.empty() || (next_poll_ && *next_poll_ > now)) return;
  next_poll_ = now + k_poll_interval;
  to_read_.insert(unwatched_.begin(), unwatched_.end());
}

void password_manager::read(const std::string& site, lane lane) {
  const auto* row = parts_.sites.find_active(site);
  if (row == nullptr || !parts_.can_read_trees()) {
    unwatched_.erase(site);
    return;
  }
  if (const auto pending = hashing_.find(site); pending != hashing_.end()) {
    // One urgent job a site at a time, so that nobody can fill the queue. And a password that is being generated will
    // be in the file in a moment.
    if (pending->second.make_new || pending->second.lane == lane::urgent) {
      touched_while_hashing_.insert(site);
      return;
    }
  }
  auto found = parts_.files.read_password(site, row->password_file);
  if (found.watched) {
    unwatched_.erase(site);
  } else {
    unwatched_.insert(site);
  }
  apply(*row, std::move(found.state), lane);
}

void password_manager::apply(const ledger::site& row, tree::password_file_state state, lane lane) {
  const std::string site = row.name;
  if (!std::holds_alternative<tree::file_absent>(state)) vanished_.erase(site);
  if (!std::holds_alternative<tree::file_unreadable>(state)) parts_.log.forget("password " + site);

  if (std::holds_alternative<tree::file_unchanged>(state)) {
    hashing_.erase(site);  // that job's file was there in between
  } else if (std::holds_alternative<tree::file_absent>(state)) {
    apply_absence(row, lane);
  } else if (auto* refused = std::get_if<tree::file_refused>(&state)) {
    hashing_.erase(site);
    if (row.origin == hash_origin::refused && row.password_file == refused->file) return;
    refuse(row, refused->reason, refused->file, lane);
  } else if (auto* unreadable = std::get_if<tree::file_unreadable>(&state)) {
    parts_.log.report("password " + site, level::warning, site,
                      "cannot read " + path_of(site) + ": " + unreadable->reason + "; it is tried again");
    delayed_.try_emplace(site, parts_.time.steady_now() + k_retry_time);
  } else if (auto* line = std::get_if<tree::file_line>(&state)) {
    apply_line(row, std::move(*line), lane);
  }
}

void password_manager::refuse(const ledger::site& row, const std::string& reason, std::optional<tree::fingerprint> file,
                              lane lane) {
  parts_.log.write(level::warning, row.name,
                   path_of(row.name) + " is refused: " + reason + ". Password login is off, keys still work");
  store(row, "*", hash_origin::refused, file, lane);
}

void password_manager::apply_line(const ledger::site& row, tree::file_line found, lane lane) {
  const std::string site = row.name;
  auto [kind, reason] = tree::classify_line(found.line.view());
  switch (kind) {
    case tree::line_kind::empty:
      hashing_.erase(site);
      parts_.log.write(level::info, site, "password login is off: " + path_of(site) + " says so. Keys still work");
      return store(row, "*", hash_origin::empty, found.file, lane);
    case tree::line_kind::bad:
      hashing_.erase(site);
      return refuse(row, reason, found.file, lane);
    case tree::line_kind::hash:
      hashing_.erase(site);
      if (row.hash != found.line.view())
        parts_.log.write(level::info, site, "password hash taken from " + path_of(site));
      return store(row, std::string(found.line.view()), hash_origin::hash, found.file, lane);
    case tree::line_kind::password:
      break;
  }
  if (const auto pending = hashing_.find(site); pending != hashing_.end() && pending->second.file == found.file) return;
  hash_job job;
  job.site = site;
  job.password = std::move(found.line);
  if (row.origin == hash_origin::password) job.old_hash = row.hash;
  job.file = found.file;
  push_hash(std::move(job), lane);
}

void password_manager::apply_absence(const ledger::site& row, lane lane) {
  if (row.origin != hash_origin::none && vanished_.insert(row.name).second) {
    delayed_.insert_or_assign(row.name, parts_.time.steady_now() + k_vanish_time);
    return;
  }
  vanished_.erase(row.name);
  hash_job job;
  job.site = row.name;
  job.make_new = true;
  push_hash(std::move(job), lane);
}

void password_manager::push_hash(hash_job job, lane lane) {
  job.ticket = ++tickets_;
  hashing_[job.site] = {.ticket = job.ticket, .make_new = job.make_new, .lane = lane, .file = job.file};
  parts_.hashes.push(std::move(job), lane);
}

void password_manager::finish_hash(hash_result result) {
  const auto pending = hashing_.find(result.site);
  if (pending == hashing_.end() || pending->second.ticket != result.ticket) return;  // replaced by a newer read
  const auto lane = pending->second.lane;
  hashing_.erase(pending);
  if (touched_while_hashing_.erase(result.site) > 0 || result.is_stale) touch(result.site);
  if (result.is_stale) return;
  const auto* row = parts_.sites.find_active(result.site);
  if (row == nullptr) return;
  if (!result.error.empty()) {
    parts_.log.write(level::error, result.site, "no password hash: " + result.error);
    delayed_.try_emplace(result.site, parts_.time.steady_now() + k_retry_time);
    return;
  }
  if (!result.made.empty()) {
    const std::string text = settings_.passwords.log_generated
                                 ? "password made: " + std::string(result.made.view()) + " (also in "
                                 : "password made (see ";
    parts_.log.write(level::info, result.site, text + path_of(result.site) + ")");
  } else if (row->hash != result.hash) {
    parts_.log.write(level::info, result.site, "password taken from " + path_of(result.site));
  }
  store(*row, std::move(result.hash), hash_origin::password, result.file, lane);
}

void password_manager::store(ledger::site row, std::string hash, hash_origin origin,
                             std::optional<tree::fingerprint> file, lane lane) {
  const auto before = row;
  row.hash = std::move(hash);
  row.origin = origin;
  row.password_file = file;
  if (row == before) return;
  // In a start's thousands each hash alone is not worth a new directory, and must not delay an account that is.
  const bool is_one_of_many = lane == lane::bulk && hashing_.size() + to_read_.size() > k_many;
  parts_.store(std::move(row), is_one_of_many ? publish_urgency::can_wait : publish_urgency::at_once);
}

std::string password_manager::path_of(const std::string& site) const {
  return settings_.sites.root + "/" + site + "/" + tree::k_secrets_folder + "/" + tree::k_password_file;
}

}  // namespace heberg::syncd
