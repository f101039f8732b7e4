// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ledger/site_rows.h"

#include "ledger/migrations.h"

#include <sqlite3.h>

#include <array>
#include <utility>

namespace heberg::ledger {
namespace {

constexpr std::string_view k_select =
    "SELECT name, uid, gecos, created_at, missing_since, retired_at, locked_at, lock_reason, hash, hash_origin,"
    " file_dev, file_ino, file_size, file_mtime_ns, file_ctime_ns FROM sites ORDER BY name";

// No REPLACE: a row in the way (the same uid under another name) must be an error, never a deleted site.
constexpr std::string_view k_upsert =
    "INSERT INTO sites (name, uid, gecos, created_at, missing_since, retired_at, locked_at, lock_reason, hash, "
    "hash_origin,"
    " file_dev, file_ino, file_size, file_mtime_ns, file_ctime_ns)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
    " ON CONFLICT (name) DO UPDATE SET uid = ?2, gecos = ?3, created_at = ?4, missing_since = ?5, retired_at = ?6,"
    " locked_at = ?7, lock_reason = ?8, hash = ?9, hash_origin = ?10,"
    " file_dev = ?11, file_ino = ?12, file_size = ?13, file_mtime_ns = ?14, file_ctime_ns = ?15";

constexpr std::array<std::pair<hash_origin, std::string_view>, 5> k_origins = {{
    {hash_origin::none, "none"},
    {hash_origin::password, "password"},
    {hash_origin::hash, "hash"},
    {hash_origin::empty, "empty"},
    {hash_origin::refused, "refused"},
}};

std::string_view text_of(hash_origin origin) {
  for (const auto& [value, text] : k_origins) {
    if (value == origin) return text;
  }
  return "none";
}

hash_origin origin_of(std::string_view text) {
  for (const auto& [value, name] : k_origins) {
    if (name == text) return value;
  }
  return hash_origin::none;
}

std::optional<std::int64_t> number(const std::optional<time>& moment) {
  if (!moment) return std::nullopt;
  return moment->time_since_epoch().count();
}

std::optional<time> moment(std::optional<std::int64_t> number) {
  if (!number) return std::nullopt;
  return time(std::chrono::milliseconds(*number));
}

// dev_t and ino_t are unsigned, SQLite's integers are not: the bits are kept.
std::int64_t bits(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

}  // namespace

std::vector<site> select_sites(sqlite::database& db) {
  std::vector<site> sites;
  sqlite::statement query(db, k_select);
  while (query.step()) {
    site row;
    row.name = query.text(0);
    row.uid = static_cast<std::uint32_t>(query.integer(1));
    row.gecos = query.text(2);
    row.created_at = time(std::chrono::milliseconds(query.integer(3)));
    row.missing_since = moment(query.optional_integer(4));
    row.retired_at = moment(query.optional_integer(5));
    row.locked_at = moment(query.optional_integer(6));
    row.lock_reason = query.text(7);
    row.hash = query.text(8);
    row.origin = origin_of(query.text(9));
    if (query.optional_integer(10)) {
      row.password_file = fingerprint{.device = static_cast<std::uint64_t>(query.integer(10)),
                                      .inode = static_cast<std::uint64_t>(query.integer(11)),
                                      .size = query.integer(12),
                                      .mtime_ns = query.integer(13),
                                      .ctime_ns = query.integer(14)};
    }
    sites.push_back(std::move(row));
  }
  return sites;
}

void upsert_sites(sqlite::database& db, std::span<const site> rows) {
  sqlite::statement write(db, k_upsert);
  for (const auto& row : rows) {
    const auto& file = row.password_file;
    const auto of_file = [&](auto member) {
      return file ? std::optional<std::int64_t>(member(*file)) : std::optional<std::int64_t>();
    };
    write.bind(1, std::string_view(row.name));
    write.bind(2, std::int64_t{row.uid});
    write.bind(3, std::string_view(row.gecos));
    write.bind(4, std::int64_t{row.created_at.time_since_epoch().count()});
    write.bind(5, number(row.missing_since));
    write.bind(6, number(row.retired_at));
    write.bind(7, number(row.locked_at));
    write.bind(8, std::string_view(row.lock_reason));
    write.bind(9, std::string_view(row.hash));
    write.bind(10, text_of(row.origin));
    write.bind(11, of_file([](const fingerprint& f) { return bits(f.device); }));
    write.bind(12, of_file([](const fingerprint& f) { return bits(f.inode); }));
    write.bind(13, of_file([](const fingerprint& f) { return f.size; }));
    write.bind(14, of_file([](const fingerprint& f) { return f.mtime_ns; }));
    write.bind(15, of_file([](const fingerprint& f) { return f.ctime_ns; }));
    write.run();
  }
}

void update_name(sqlite::database& db, const std::string& from, const std::string& to) {
  sqlite::statement rename(db, "UPDATE sites SET name = ?2 WHERE name = ?1");
  rename.bind(1, std::string_view(from));
  rename.bind(2, std::string_view(to));
  rename.run();
}

void insert_move(sqlite::database& db, const tree_move& move) {
  sqlite::statement note(db, "INSERT INTO tree_moves (old_name, name) VALUES (?1, ?2)");
  note.bind(1, std::string_view(move.from));
  note.bind(2, std::string_view(move.to));
  note.run();
}

std::vector<tree_move> select_moves(sqlite::database& db) {
  std::vector<tree_move> moves;
  sqlite::statement query(db, "SELECT old_name, name FROM tree_moves ORDER BY name");
  while (query.step()) moves.push_back({query.text(0), query.text(1)});
  return moves;
}

void erase_move(sqlite::database& db, const tree_move& move) {
  sqlite::statement erase(db, "DELETE FROM tree_moves WHERE old_name = ?1 AND name = ?2");
  erase.bind(1, std::string_view(move.from));
  erase.bind(2, std::string_view(move.to));
  erase.run();
}

void spend_uid_of(sqlite::database& db, const std::string& name) {
  sqlite::statement spend(db,
                          "INSERT OR REPLACE INTO spent_uids (uid, name) SELECT uid, name FROM sites WHERE name = ?1");
  spend.bind(1, std::string_view(name));
  spend.run();
}

spent_uids select_spent_uids(sqlite::database& db) {
  spent_uids spent;
  sqlite::statement query(db, "SELECT uid, name FROM spent_uids");
  while (query.step()) spent.emplace(static_cast<std::uint32_t>(query.integer(0)), query.text(1));
  return spent;
}

void erase_row(sqlite::database& db, const std::string& name) {
  sqlite::statement erase(db, "DELETE FROM sites WHERE name = ?1");
  erase.bind(1, std::string_view(name));
  erase.run();
}

std::size_t read_version(sqlite::database& db, const std::string& path) {
  const auto version = db.read_integer("PRAGMA user_version");
  const auto known = migrations().size();
  if (version < 0 || std::cmp_greater(version, known)) {
    throw ledger_error("ledger " + path + ": its schema is version " + std::to_string(version) +
                       ", this program knows " + std::to_string(known) + " and older: install the newer heberg again");
  }
  return static_cast<std::size_t>(version);
}

bool is_damage(const sqlite::error& error) noexcept {
  return error.code() == SQLITE_NOTADB || error.code() == SQLITE_CORRUPT;
}

std::string damage_text(const std::string& path, std::string_view reason) {
  return std::string(reason) + ". It was not changed: restore a copy of it, or move it away (" + path +
         " and its -wal) to begin a new one, which takes each site's UID from the owner of its www folder";
}

}  // namespace heberg::ledger
