// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/import/import_sources.h"

#include "sqlite/sqlite.h"

#include <sqlite3.h>

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <stdexcept>

namespace heberg::ctl {
namespace {

constexpr std::uint32_t k_first_user = 1000;  // below: the system's (Debian policy, 9.2.2)
constexpr std::uint32_t k_nobody = 65534;

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return id;
}

// A field of passwd(5) or shadow(5). "!" before a hash is usermod(8)'s lock.
void take_hash(std::string_view field, old_account& to) {
  while (field.starts_with('!')) {
    to.is_locked = true;
    field.remove_prefix(1);
  }
  if (field.empty() || field == "*") {
    to.is_locked = false;  // no password: nothing to unlock
    return;
  }
  to.kind = old_account::login::hash;
  to.line = tree::secret(std::string(field));
}

std::map<std::string_view, std::string_view> read_shadow(std::string_view text) {
  std::map<std::string_view, std::string_view> hashes;
  for (const auto line : split(text, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() > 1) hashes[fields[0]] = fields[1];
  }
  return hashes;
}

old_account read_passwd_line(const std::vector<std::string_view>& fields,
                             const std::map<std::string_view, std::string_view>& shadow) {
  old_account made;
  made.name = fields[0];
  if (fields.size() != 7) {
    made.fault = "is not a line of passwd(5): it does not have 7 fields";
    return made;
  }
  made.uid = parse_id(fields[2]);
  made.gid = parse_id(fields[3]);
  made.home = fields[5];
  if (!made.uid || !made.gid) made.fault = "has an invalid UID or GID";
  if (fields[1] != "x") {
    take_hash(fields[1], made);
  } else if (const auto hash = shadow.find(fields[0]); hash != shadow.end()) {
    take_hash(hash->second, made);
  } else {
    made.fault = "has its password in shadow(5), but no line there: add --shadow FILE";
  }
  return made;
}

old_account read_users_conf_line(std::vector<std::string_view> fields) {
  old_account made;
  made.name = fields[0];
  const auto password = fields.size() > 1 ? fields[1] : "";
  const bool is_hash = fields.size() > 2 && fields[2] == "e";
  if (is_hash) fields.erase(fields.begin() + 2);
  if (is_hash) {
    take_hash(password, made);
  } else if (!password.empty()) {
    made.kind = old_account::login::password;
    made.line = tree::secret(std::string(password));
  }
  const auto take_id = [&](std::size_t at, std::optional<std::uint32_t>& to) {
    if (fields.size() <= at || fields[at].empty()) return;
    to = parse_id(fields[at]);
    if (!to) made.fault = "has an invalid UID or GID";
  };
  take_id(2, made.uid);
  take_id(3, made.gid);
  made.home = "/home/" + made.name;
  if (fields.size() > 5) made.fault = "has too many fields for users.conf: is this a passwd(5) file?";
  return made;
}

constexpr int k_value_max = 1 << 20;          // bytes of a value or row
constexpr int k_schema_max = 1 << 20;         // bytes of a statement, also of one in the schema
constexpr int k_steps_at_a_time = 1'000'000;  // of SQLite's virtual machine
constexpr int k_most_times = 100;             // a hundred million steps: some seconds
constexpr std::size_t k_accounts_max = 100'000;

// A path as a URI (sqlite.org/uri.html).
std::string uri_of(const std::string& path, const char* options) {
  std::string uri = path.starts_with('/') ? "file://" : "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      constexpr char k_digits[] = "0123456789abcdef";
      uri += {'%', k_digits[static_cast<unsigned char>(c) >> 4U], k_digits[static_cast<unsigned char>(c) & 15U]};
    } else {
      uri += c;
    }
  }
  return uri + options;
}

// Immutable: no lock and no other file. Where another program has it open in WAL mode, its last rows are in FILE-wal,
// which is read, too.
sqlite::database open_untrusted(const std::string& file) {
  struct stat ignored {};
  const bool has_log = ::lstat((file + "-wal").c_str(), &ignored) == 0;
  sqlite::database db(uri_of(file, has_log ? "?mode=ro" : "?mode=ro&immutable=1"),
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, file);
  for (const int rule : {SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_TRIGGER,
                         SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION}) {
    const int value = rule == SQLITE_DBCONFIG_DEFENSIVE ? 1 : 0;
    if (const int code = ::sqlite3_db_config(db.get(), rule, value, nullptr); code != SQLITE_OK)
      db.fail(code, "set limits");
  }
  ::sqlite3_limit(db.get(), SQLITE_LIMIT_LENGTH, k_value_max);
  ::sqlite3_limit(db.get(), SQLITE_LIMIT_SQL_LENGTH, k_schema_max);
  ::sqlite3_limit(db.get(), SQLITE_LIMIT_ATTACHED, 0);
  ::sqlite3_limit(db.get(), SQLITE_LIMIT_EXPR_DEPTH, 100);
  ::sqlite3_limit(db.get(), SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
  ::sqlite3_limit(db.get(), SQLITE_LIMIT_WORKER_THREADS, 0);
  return db;
}

class query_reader {
 public:
  query_reader(sqlite::statement& rows, sqlite3_stmt* handle) : rows_(rows) {
    for (int i = 0; i < ::sqlite3_column_count(handle); ++i) columns_.emplace(::sqlite3_column_name(handle, i), i);
    if (!columns_.contains("name")) throw std::runtime_error("the query returns no column \"name\"");
  }

  [[nodiscard]] old_account read() const {
    old_account made;
    made.name = text("name");
    made.uid = id("uid", made.fault);
    made.gid = id("gid", made.fault);
    made.home = text("home");
    if (columns_.contains("hash")) {
      take_hash(text("hash"), made);
    } else if (const auto password = text("password"); !password.empty()) {
      made.kind = old_account::login::password;
      made.line = tree::secret(password);
    }
    if (const auto locked = text("locked"); !locked.empty() && locked != "0") made.is_locked = true;
    return made;
  }

 private:
  [[nodiscard]] std::string text(const char* name) const {
    const auto column = columns_.find(name);
    return column == columns_.end() ? "" : rows_.text(column->second);
  }
  [[nodiscard]] std::optional<std::uint32_t> id(const char* name, std::string& fault) const {
    const auto field = text(name);
    if (field.empty()) return std::nullopt;
    const auto read = parse_id(field);
    if (!read) fault = std::string("has an invalid ") + name;
    return read;
  }

  sqlite::statement& rows_;
  std::map<std::string, int> columns_;
};

}  // namespace

std::vector<old_account> parse_passwd(std::string_view passwd, std::string_view shadow) {
  const auto hashes = read_shadow(shadow);
  std::vector<old_account> found;
  std::size_t number = 0;
  for (const auto line : split(passwd, '\n')) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    auto made = read_passwd_line(split(line, ':'), hashes);
    if (made.uid && (*made.uid < k_first_user || *made.uid == k_nobody)) continue;
    made.where = "line " + std::to_string(number);
    found.push_back(std::move(made));
  }
  return found;
}

std::vector<old_account> parse_users_conf(std::string_view text) {
  std::vector<old_account> found;
  std::size_t number = 0;
  for (auto line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos || line.starts_with('#')) continue;
    found.push_back(read_users_conf_line(split(line, ':')));
    found.back().where = "line " + std::to_string(number);
  }
  return found;
}

std::vector<old_account> query_accounts(const std::string& file, const std::string& query) {
  auto db = open_untrusted(file);
  int times = 0;
  ::sqlite3_progress_handler(
      db.get(), k_steps_at_a_time, [](void* count) { return ++*static_cast<int*>(count) > k_most_times ? 1 : 0; },
      &times);
  sqlite::statement rows(db, query);
  const query_reader reader(rows, rows.get());
  std::vector<old_account> found;
  while (rows.step()) {
    if (found.size() == k_accounts_max)
      throw std::runtime_error(file + ": the query returns more than " + std::to_string(k_accounts_max) + " rows");
    found.push_back(reader.read());
    found.back().where = "row " + std::to_string(found.size());
  }
  return found;
}

}  // namespace heberg::ctl
