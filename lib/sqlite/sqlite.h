// SPDX-License-Identifier: LGPL-2.1-or-later
// SQLite's C interface owned by objects: database, statement, transaction. Everything throws sqlite::error, whose text
// names the database, the operation and SQLite's reason. Not thread-safe: one thread per database object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace heberg::sqlite {

class error : public std::runtime_error {
 public:
  error(int code, const std::string& text) : std::runtime_error(text), code_(code) {}
  [[nodiscard]] int code() const noexcept { return code_; }  // SQLite's primary result code

 private:
  int code_;
};

class database {
 public:
  // name: a path, or a "file:" URI (sqlite.org/uri.html); shown: its name in error messages, such as "ledger PATH".
  database(const std::string& name, int flags, std::string shown);

  void execute(std::string_view sql);                             // one or more statements without results
  [[nodiscard]] std::int64_t read_integer(std::string_view sql);  // the first column of the first row
  [[noreturn]] void fail(int code, std::string_view what) const;
  [[nodiscard]] sqlite3* get() const noexcept { return handle_.get(); }

 private:
  struct closer {
    void operator()(sqlite3* handle) const noexcept;
  };
  std::string shown_;
  std::unique_ptr<sqlite3, closer> handle_;
};

class statement {
 public:
  statement(database& db, std::string_view sql);

  // Parameters count from 1.
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);
  void bind(int index, std::optional<std::int64_t> value);

  [[nodiscard]] bool step();  // true: a row is there
  void run();                 // to the end, then ready to be bound again

  // Columns count from 0; only while a row is there.
  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const noexcept;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] sqlite3_stmt* get() const noexcept { return handle_.get(); }

 private:
  struct finalizer {
    void operator()(sqlite3_stmt* handle) const noexcept;
  };
  database& db_;
  std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

// BEGIN IMMEDIATE … COMMIT. What was not committed is rolled back.
class transaction {
 public:
  explicit transaction(database& db);
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction();

  void commit();

 private:
  database& db_;
  bool open_ = true;
};

}  // namespace heberg::sqlite
