// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sqlite/sqlite.h"

#include <sqlite3.h>

#include <utility>

namespace heberg::sqlite {

void database::closer::operator()(sqlite3* handle) const noexcept {
  sqlite3_close_v2(handle);
}
void statement::finalizer::operator()(sqlite3_stmt* handle) const noexcept {
  sqlite3_finalize(handle);
}

database::database(const std::string& name, int flags, std::string shown) : shown_(std::move(shown)) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(handle);  // also after a failure: it holds the message and must be closed
  if (code != SQLITE_OK) fail(code, "open");
}

void database::fail(int code, std::string_view what) const {
  std::string text = shown_ + ": " + std::string(what) + ": " + sqlite3_errstr(code);
  // The connection's own message says more ("UNIQUE constraint failed: sites.uid"), where it belongs to this error.
  if (handle_ != nullptr && sqlite3_extended_errcode(handle_.get()) == code) {
    if (const std::string more = sqlite3_errmsg(handle_.get()); more != sqlite3_errstr(code)) text += " (" + more + ")";
  }
  throw error(code & 0xff, text);
}

void database::execute(std::string_view sql) {
  const int code = sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, sql.substr(0, sql.find('\n')));
}

std::int64_t database::read_integer(std::string_view sql) {
  statement query(*this, sql);
  if (!query.step()) fail(SQLITE_EMPTY, sql);
  return query.integer(0);
}

statement::statement(database& db, std::string_view sql) : db_(db) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v2(db.get(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) db.fail(code, "prepare a statement");
}

void statement::bind(int index, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(handle_.get(), index, value); code != SQLITE_OK) db_.fail(code, "bind");
}

void statement::bind(int index, std::string_view value) {
  const int code = sqlite3_bind_text64(handle_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) db_.fail(code, "bind");
}

void statement::bind(int index, std::optional<std::int64_t> value) {
  if (value) return bind(index, *value);
  if (const int code = sqlite3_bind_null(handle_.get(), index); code != SQLITE_OK) db_.fail(code, "bind");
}

bool statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const std::string sql = sqlite3_sql(handle_.get());
  // The message must be taken before the reset, which is needed all the same: a statement left in the middle keeps its
  // locks.
  struct reset_later {
    sqlite3_stmt* handle;
    ~reset_later() { sqlite3_reset(handle); }
  } const guard{handle_.get()};
  db_.fail(code, sql.substr(0, sql.find('\n')));
}

void statement::run() {
  while (step()) {
  }
  sqlite3_reset(handle_.get());
}

std::int64_t statement::integer(int column) const noexcept {
  return sqlite3_column_int64(handle_.get(), column);
}

std::optional<std::int64_t> statement::optional_integer(int column) const noexcept {
  if (sqlite3_column_type(handle_.get(), column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

std::string statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(handle_.get(), column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

transaction::transaction(database& db) : db_(db) {
  db_.execute("BEGIN IMMEDIATE");
}

void transaction::commit() {
  db_.execute("COMMIT");
  open_ = false;
}

transaction::~transaction() {
  // After some errors (disk full) SQLite has rolled back by itself; then this fails, and that is well.
  if (open_) sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace heberg::sqlite
