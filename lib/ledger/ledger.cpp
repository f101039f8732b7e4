// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ledger/ledger.h"

#include "base/errors.h"
#include "ledger/migrations.h"
#include "ledger/site_rows.h"

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace heberg::ledger {
namespace {

// How long a statement waits for another program's lock on the file (an administrator's sqlite3 shell, say). Short: the
// daemon's loop waits as long, and tries again later.
constexpr int k_busy_timeout_ms = 100;

void make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) throw_errno("mkdir", path);
}

// The writers' lock is a file of its own: SQLite's are fcntl(2) locks, which go when any descriptor of that file is
// closed.
unique_fd lock_for_writing(const std::string& path) {
  unique_fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw_errno("open", path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) throw_errno("flock", path);
  throw ledger_error("ledger: another heberg-syncd has locked " + path + ": stop it first");
}

// Makes the file before SQLite does, so that it is at no moment readable by others; -wal and -shm take its mode.
void secure_file(const std::string& path) {
  const unique_fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fd) throw_errno("open", path);
  struct stat file {};
  if (::fstat(fd.get(), &file) != 0) throw_errno("fstat", path);
  if (!S_ISREG(file.st_mode)) throw ledger_error("ledger " + path + ": not a regular file");
  if (file.st_uid != ::geteuid()) throw ledger_error("ledger " + path + ": belongs to another user");
  if ((file.st_mode & 077) != 0 && ::fchmod(fd.get(), 0600) != 0) throw_errno("fchmod", path);
}

sqlite::database open_for_writing(const std::string& path) {
  secure_file(path);
  return {path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, "ledger " + path};
}

}  // namespace

ledger::ledger(const std::string& state_dir)
    : lock_((make_folder(state_dir), lock_for_writing(state_dir + "/ledger.lock"))),
      path_(state_dir + "/" + k_file),
      db_(open_for_writing(path_)) {
  explain_damage(path_, [this] { bring_up_to_date(); });
}

void ledger::bring_up_to_date() {
  sqlite3_busy_timeout(db_.get(), k_busy_timeout_ms);
  auto version = read_version(db_, path_);  // before anything is written: a newer schema is left alone
  db_.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  if (sqlite::statement check(db_, "PRAGMA quick_check(1)"); check.step() && check.text(0) != "ok") {
    throw ledger_error(damage_text(path_, "ledger " + path_ + ": damaged: " + check.text(0)));
  }
  for (const auto steps = migrations(); version < steps.size(); ++version) {
    sqlite::transaction change(db_);
    db_.execute(steps[version]);
    db_.execute("PRAGMA user_version = " + std::to_string(version + 1));
    change.commit();
  }
}

std::vector<site> ledger::list_sites() {
  return select_sites(db_);
}

void ledger::write_sites(std::span<const site> rows) {
  sqlite::transaction change(db_);
  upsert_sites(db_, rows);
  change.commit();
}

void ledger::rename_site(const tree_move& move) {
  sqlite::transaction change(db_);
  update_name(db_, move.from, move.to);
  insert_move(db_, move);
  change.commit();
}

void ledger::undo_rename(const tree_move& move) {
  sqlite::transaction change(db_);
  erase_move(db_, move);
  update_name(db_, move.to, move.from);
  change.commit();
}

std::vector<tree_move> ledger::list_moves() {
  return select_moves(db_);
}

void ledger::finish_move(const tree_move& move) {
  erase_move(db_, move);
}

void ledger::erase_site(const std::string& name) {
  sqlite::transaction change(db_);
  spend_uid_of(db_, name);
  erase_row(db_, name);
  change.commit();
}

spent_uids ledger::list_spent_uids() {
  return select_spent_uids(db_);
}

}  // namespace heberg::ledger
