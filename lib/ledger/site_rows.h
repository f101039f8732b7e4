// SPDX-License-Identifier: LGPL-2.1-or-later
// Sites as rows of the table `sites`, and the schema's version: what the writer and the reader of the ledger share.
#pragma once

#include "ledger/ledger.h"

namespace heberg::ledger {

[[nodiscard]] std::vector<site> select_sites(sqlite::database& db);
void upsert_sites(sqlite::database& db, std::span<const site> rows);

void update_name(sqlite::database& db, const std::string& from, const std::string& to);
void insert_move(sqlite::database& db, const tree_move& move);
[[nodiscard]] std::vector<tree_move> select_moves(sqlite::database& db);
void erase_move(sqlite::database& db, const tree_move& move);
void spend_uid_of(sqlite::database& db, const std::string& name);
[[nodiscard]] spent_uids select_spent_uids(sqlite::database& db);
void erase_row(sqlite::database& db, const std::string& name);

// The schema's version in the file. Throws ledger_error where it is newer than this program.
[[nodiscard]] std::size_t read_version(sqlite::database& db, const std::string& path);

[[nodiscard]] bool is_damage(const sqlite::error& error) noexcept;
[[nodiscard]] std::string damage_text(const std::string& path, std::string_view reason);

// Runs `act`; SQLite's "this is no database" and "malformed" become a ledger_error that says what to do.
template <typename Act>
auto explain_damage(const std::string& path, Act act) -> decltype(act()) {
  try {
    return act();
  } catch (const sqlite::error& error) {
    if (!is_damage(error)) throw;
    throw ledger_error(damage_text(path, error.what()));
  }
}

}  // namespace heberg::ledger
