// SPDX-License-Identifier: LGPL-2.1-or-later
// The keeper's half that follows the sites' password files.
#include "syncd/accounts/keeper.h"
#include "tree/password.h"

#include <utility>

namespace heberg::syncd {
namespace {

constexpr std::size_t k_slice = 64;
constexpr std::size_t k_many = 16;

// Between an event and the look: `echo x >password; chmod 600 password` is one change.
constexpr std::chrono::milliseconds k_settle{50};
// A file that was there and is not: editors rename the old one away before they write the new one.
constexpr std::chrono::milliseconds k_vanished{500};
constexpr std::chrono::milliseconds k_poll{500};
constexpr std::chrono::milliseconds k_again{5000};  // after a failure

using ledger::hash_origin;

}  // namespace

void keeper::touch_password(const std::string& site) {
  // Not put off by the next event: who writes without pause would keep a change from ever holding.
  urgent_.try_emplace(site, machine_.steady_time() + k_settle);
}

void keeper::touch_all_passwords() {
  for (const auto& [name, row] : rows_) {
    if (!row.is_retired()) looks_.insert(name);
  }
}

void keeper::poll_unwatched(steady now) {
  if (unwatched_.empty() || (next_poll_ && *next_poll_ > now)) return;
  next_poll_ = now + k_poll;
  looks_.insert(unwatched_.begin(), unwatched_.end());
}

void keeper::look_at_passwords(steady now) {
  std::vector<std::string> due;
  for (const auto& [site, when] : urgent_) {
    if (when <= now) due.push_back(site);
  }
  for (const auto& site : due) {
    urgent_.erase(site);
    look(site, hasher::lane::urgent);
  }
  for (std::size_t n = 0; n < k_slice && !looks_.empty() && machine_.has_room_to_hash(); ++n) {
    look(looks_.extract(looks_.begin()).value(), hasher::lane::bulk);
  }
}

void keeper::look(const std::string& site, hasher::lane lane) {
  const auto* row = find_active(site);
  if (row == nullptr || !root_is_sound_) {
    unwatched_.erase(site);
    return;
  }
  if (const auto pending = hashing_.find(site); pending != hashing_.end()) {
    // One urgent job a site at a time, so that nobody's hands fill the queue; and a password being made will be there
    // in a moment.
    if (pending->second.make_new || pending->second.lane == hasher::lane::urgent) {
      touched_meanwhile_.insert(site);
      return;
    }
  }
  auto found = machine_.look_at_password(site, row->password_file);
  if (found.watched) {
    unwatched_.erase(site);
  } else {
    unwatched_.insert(site);
  }
  judge(*row, std::move(found.look), lane);
}

void keeper::judge(const ledger::site& row, tree::password_look look, hasher::lane lane) {
  const std::string site = row.name;
  if (!std::holds_alternative<tree::file_absent>(look)) vanished_.erase(site);
  if (!std::holds_alternative<tree::file_unreadable>(look)) told_.erase("password " + site);

  if (std::holds_alternative<tree::file_unchanged>(look)) {
    hashing_.erase(site);  // what is being hashed was there in between
  } else if (std::holds_alternative<tree::file_absent>(look)) {
    renew_absent(row, lane);
  } else if (auto* refused = std::get_if<tree::file_refused>(&look)) {
    hashing_.erase(site);
    if (row.origin == hash_origin::refused && row.password_file == refused->file) return;
    say(level::warning, site,
        secrets_path(site) + " is refused: " + refused->reason + ". Password login is off, keys still work");
    settle_password(row, "*", hash_origin::refused, refused->file, lane);
  } else if (auto* unreadable = std::get_if<tree::file_unreadable>(&look)) {
    say_change("password " + site, level::warning, site,
               secrets_path(site) + " cannot be read now: " + unreadable->reason);
    urgent_.try_emplace(site, machine_.steady_time() + k_again);
  } else if (auto* line = std::get_if<tree::file_line>(&look)) {
    judge_line_of(row, std::move(*line), lane);
  }
}

void keeper::judge_line_of(const ledger::site& row, tree::file_line found, hasher::lane lane) {
  const std::string site = row.name;
  auto [kind, reason] = tree::judge_line(found.line.view());
  switch (kind) {
    case tree::line_kind::empty:
      hashing_.erase(site);
      say(level::info, site, "password login is off: " + secrets_path(site) + " says so. Keys still work");
      return settle_password(row, "*", hash_origin::empty, found.file, lane);
    case tree::line_kind::bad:
      hashing_.erase(site);
      say(level::warning, site,
          secrets_path(site) + " is refused: " + reason + ". Password login is off, keys still work");
      return settle_password(row, "*", hash_origin::refused, found.file, lane);
    case tree::line_kind::hash:
      hashing_.erase(site);
      if (row.hash != found.line.view()) say(level::info, site, "password hash taken from " + secrets_path(site));
      return settle_password(row, std::string(found.line.view()), hash_origin::hash, found.file, lane);
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

void keeper::renew_absent(const ledger::site& row, hasher::lane lane) {
  if (row.origin != hash_origin::none && vanished_.insert(row.name).second) {
    urgent_.insert_or_assign(row.name, machine_.steady_time() + k_vanished);
    return;
  }
  vanished_.erase(row.name);
  hash_job job;
  job.site = row.name;
  job.make_new = true;
  push_hash(std::move(job), lane);
}

void keeper::push_hash(hash_job job, hasher::lane lane) {
  job.ticket = ++tickets_;
  hashing_[job.site] = {.ticket = job.ticket, .make_new = job.make_new, .lane = lane, .file = job.file};
  machine_.hash(std::move(job), lane);
}

void keeper::finish_hash(hash_result result) {
  const auto pending = hashing_.find(result.site);
  if (pending == hashing_.end() || pending->second.ticket != result.ticket) return;  // overtaken by a newer look
  const auto lane = pending->second.lane;
  hashing_.erase(pending);
  if (touched_meanwhile_.erase(result.site) > 0 || result.is_stale) touch_password(result.site);
  if (result.is_stale) return;
  const auto* row = find_active(result.site);
  if (row == nullptr) return;
  if (!result.error.empty()) {
    say(level::error, result.site, "no password hash: " + result.error);
    urgent_.try_emplace(result.site, machine_.steady_time() + k_again);
    return;
  }
  if (!result.made.empty()) {
    const std::string text = settings_.passwords.log_generated
                                 ? "password made: " + std::string(result.made.view()) + " (also in "
                                 : "password made (see ";
    say(level::info, result.site, text + secrets_path(result.site) + ")");
  } else if (row->hash != result.hash) {
    say(level::info, result.site, "password taken from " + secrets_path(result.site));
  }
  settle_password(*row, std::move(result.hash), hash_origin::password, result.file, lane);
}

void keeper::settle_password(ledger::site row, std::string hash, hash_origin origin,
                             std::optional<tree::fingerprint> file, hasher::lane lane) {
  const auto before = row;
  row.hash = std::move(hash);
  row.origin = origin;
  row.password_file = file;
  if (row == before) return;
  // In a start-up's thousands each hash alone is not worth a new directory, and must not hold up an account that is.
  const bool is_one_of_many = lane == hasher::lane::bulk && hashing_.size() + looks_.size() > k_many;
  store_row(std::move(row), is_one_of_many ? hurry::can_wait : hurry::at_once);
}

}  // namespace heberg::syncd
