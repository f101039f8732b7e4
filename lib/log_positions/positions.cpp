// SPDX-License-Identifier: LGPL-2.1-or-later
#include "log_positions/positions.h"

#include "base/errors.h"
#include "base/unique_fd.h"

#include <sqlite3.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace heberg::logs {
namespace {

constexpr std::int64_t k_version = 1;

constexpr char k_schema[] = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE files (
  site TEXT NOT NULL, stream INTEGER NOT NULL,
  device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL, safe_size INTEGER NOT NULL,
  PRIMARY KEY (site, stream)
) STRICT, WITHOUT ROWID;
CREATE TABLE streams (
  container TEXT NOT NULL, stream INTEGER NOT NULL, site TEXT NOT NULL,
  stamp INTEGER NOT NULL, skip INTEGER NOT NULL, base INTEGER NOT NULL,
  chunk_at INTEGER NOT NULL, chunk_size INTEGER NOT NULL, before_stamp INTEGER NOT NULL, before_skip INTEGER NOT NULL,
  safe_stamp INTEGER NOT NULL, safe_skip INTEGER NOT NULL,
  PRIMARY KEY (container, stream)
) STRICT, WITHOUT ROWID;
-- For what concerns all chunks of one file: a rotation, an fdatasync.
CREATE INDEX streams_of_file ON streams (site, stream);
CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), boot TEXT NOT NULL, clean INTEGER NOT NULL) STRICT;
PRAGMA user_version = 1;
COMMIT;
)sql";

// The safe cursor stays what it was; of a new row it is the one before its first chunk.
constexpr char k_put_stream[] = R"sql(
INSERT INTO streams VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9, ?10)
ON CONFLICT (container, stream) DO UPDATE SET site = ?3, stamp = ?4, skip = ?5, base = ?6, chunk_at = ?7,
  chunk_size = ?8, before_stamp = ?9, before_skip = ?10)sql";

constexpr char k_put_file[] = R"sql(
INSERT INTO files VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (site, stream) DO UPDATE SET device = ?3, inode = ?4, size = ?5, safe_size = ?6)sql";

sqlite::database open_database(const std::string& path) {
  sqlite::database db(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, path);
  db.execute("PRAGMA journal_mode = WAL");
  db.execute("PRAGMA synchronous = NORMAL");
  db.execute("PRAGMA busy_timeout = 2000");
  const auto version = db.read_integer("PRAGMA user_version");
  if (version == 0) {
    db.execute(k_schema);
  } else if (version != k_version) {
    db.fail(SQLITE_MISMATCH, "its version is " + std::to_string(version));
  }
  return db;
}

std::int64_t number(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(value);
}
std::int64_t number(docker::log_stream stream) noexcept {
  return static_cast<std::int64_t>(stream);
}
docker::log_stream stream_of(std::int64_t value) noexcept {
  return value == 0 ? docker::log_stream::out : docker::log_stream::error;
}

log_cursor cursor_at(const sqlite::statement& row, int column) {
  return {row.integer(column), static_cast<std::uint32_t>(row.integer(column + 1))};
}

log_positions read_all(sqlite::database& db) {
  log_positions result;
  sqlite::statement files(db, "SELECT site, stream, device, inode, size, safe_size FROM files");
  while (files.step()) {
    result.files[{files.text(0), stream_of(files.integer(1))}] = {
        .device = static_cast<std::uint64_t>(files.integer(2)),
        .inode = static_cast<std::uint64_t>(files.integer(3)),
        .size = files.integer(4),
        .safe_size = files.integer(5)};
  }
  sqlite::statement streams(db,
                            "SELECT container, stream, site, stamp, skip, base, chunk_at, chunk_size, before_stamp, "
                            "before_skip, safe_stamp, safe_skip FROM streams");
  while (streams.step()) {
    result.streams[{streams.text(0), stream_of(streams.integer(1))}] = {.site = streams.text(2),
                                                                        .cursor = cursor_at(streams, 3),
                                                                        .base = streams.integer(5),
                                                                        .chunk_at = streams.integer(6),
                                                                        .chunk_size = streams.integer(7),
                                                                        .before = cursor_at(streams, 8),
                                                                        .safe = cursor_at(streams, 10)};
  }
  return result;
}

}  // namespace

log_positions read_positions(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return {};
  sqlite::database db(path, SQLITE_OPEN_READONLY, path);
  db.execute("PRAGMA busy_timeout = 2000");
  db.execute("BEGIN");  // files and streams of one moment
  return read_all(db);
}

std::string read_boot_id() {
  constexpr char k_path[] = "/proc/sys/kernel/random/boot_id";
  const unique_fd file(::open(k_path, O_RDONLY | O_CLOEXEC));
  char text[36];
  if (!file || ::read(file.get(), text, sizeof text) != sizeof text) throw_errno("read", k_path);
  return {text, sizeof text};
}

positions::positions(const std::string& path, std::string boot)
    : db_(open_database(path)),
      boot_(std::move(boot)),
      put_file_(db_, k_put_file),
      clear_chunks_(
          db_, "UPDATE streams SET chunk_size = 0, safe_stamp = stamp, safe_skip = skip WHERE site = ? AND stream = ?"),
      put_stream_(db_, k_put_stream),
      forget_(db_, "DELETE FROM streams WHERE container = ?"),
      safe_file_(db_, "UPDATE files SET safe_size = size WHERE site = ? AND stream = ?"),
      safe_streams_(db_, "UPDATE streams SET safe_stamp = stamp, safe_skip = skip WHERE site = ? AND stream = ?"),
      put_meta_(db_, "INSERT INTO meta VALUES (1, ?1, ?2) ON CONFLICT (id) DO UPDATE SET boot = ?1, clean = ?2") {}

log_positions positions::load() {
  auto result = read_all(db_);
  sqlite::statement meta(db_, "SELECT boot, clean FROM meta");
  if (meta.step()) result.is_cache_intact = meta.text(0) == boot_ || meta.integer(1) != 0;
  return result;
}

void positions::begin() {
  put_meta_.bind(1, boot_);
  put_meta_.bind(2, std::int64_t{0});
  put_meta_.run();
}

void positions::finish() {
  // Behind a clean end stands a whole database: a power cut after it finds what was committed.
  db_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  put_meta_.bind(1, boot_);
  put_meta_.bind(2, std::int64_t{1});
  put_meta_.run();
}

void positions::write(const position_changes& changes) {
  sqlite::transaction commit(db_);
  for (const auto& [key, position, is_new] : changes.files) {
    if (is_new) {
      clear_chunks_.bind(1, key.first);
      clear_chunks_.bind(2, number(key.second));
      clear_chunks_.run();
    }
    put_file_.bind(1, key.first);
    put_file_.bind(2, number(key.second));
    put_file_.bind(3, number(position.device));
    put_file_.bind(4, number(position.inode));
    put_file_.bind(5, position.size);
    put_file_.bind(6, position.safe_size);
    put_file_.run();
  }
  for (const auto& [key, position] : changes.streams) {
    put_stream_.bind(1, key.first);
    put_stream_.bind(2, number(key.second));
    put_stream_.bind(3, position.site);
    put_stream_.bind(4, position.cursor.stamp);
    put_stream_.bind(5, std::int64_t{position.cursor.skip});
    put_stream_.bind(6, position.base);
    put_stream_.bind(7, position.chunk_at);
    put_stream_.bind(8, position.chunk_size);
    put_stream_.bind(9, position.before.stamp);
    put_stream_.bind(10, std::int64_t{position.before.skip});
    put_stream_.run();
  }
  for (const auto& container : changes.forgotten) {
    forget_.bind(1, container);
    forget_.run();
  }
  commit.commit();
}

void positions::make_safe(std::span<const log_file_key> files) {
  sqlite::transaction commit(db_);
  for (const auto& [site, stream] : files) {
    for (auto* statement : {&safe_file_, &safe_streams_}) {
      statement->bind(1, site);
      statement->bind(2, number(stream));
      statement->run();
    }
  }
  commit.commit();
}

}  // namespace heberg::logs
