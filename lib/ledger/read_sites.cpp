// SPDX-License-Identifier: LGPL-2.1-or-later
// Reading a WAL database without a trace needs two ways (sqlite.org/wal.html, "Read-Only Databases"):
//
//   -wal exists (syncd runs, or was killed)
//       mode=ro and readonly_shm=1: SQLite maps the shared index read-only, or builds a private one in memory where no
//       writer is alive. Without readonly_shm it would create and write the -shm file.
//   -wal does not exist (syncd ended in order)
//       Everything is in the file itself, and immutable=1 reads it without locks. If syncd starts meanwhile, the -wal
//       appears, and what was read is discarded and read again.
#include "base/errors.h"
#include "ledger/ledger.h"
#include "ledger/site_rows.h"

#include <sqlite3.h>

#include <sys/stat.h>

#include <algorithm>
#include <thread>

namespace heberg::ledger {
namespace {

bool exists(const std::string& path) {
  struct stat ignored {};
  if (::lstat(path.c_str(), &ignored) == 0) return true;
  if (errno != ENOENT) throw_errno("lstat", path);
  return false;
}

// A path as a URI: '?', '#' and '%' have a meaning there.
std::string uri_of(std::string_view path, std::string_view options) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?') {
      uri += "%3f";
    } else if (c == '#') {
      uri += "%23";
    } else if (c == '%') {
      uri += "%25";
    } else {
      uri += c;
    }
  }
  return uri.append(options);
}

// The version of the schema that has the table spent_uids.
constexpr std::size_t k_with_spent_uids = 3;

template <typename Rows>
using select_rows = Rows (*)(sqlite::database& db, std::size_t version);

std::vector<site> select_known_sites(sqlite::database& db, std::size_t version) {
  // Version 0: syncd has made the file, but not yet its tables.
  return version == 0 ? std::vector<site>() : select_sites(db);
}

spent_uids select_known_spent_uids(sqlite::database& db, std::size_t version) {
  return version < k_with_spent_uids ? spent_uids() : select_spent_uids(db);
}

template <typename Rows>
Rows read_once(const std::string& path, std::string_view options, select_rows<Rows> select) {
  return explain_damage(path, [&] {
    sqlite::database db(uri_of(path, options), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                        "ledger " + path);
    sqlite3_busy_timeout(db.get(), 2000);
    return select(db, read_version(db, path));
  });
}

template <typename Rows>
Rows read_rows(const std::string& state_dir, select_rows<Rows> select) {
  const std::string path = state_dir + "/" + k_file;
  constexpr int attempts = 50;
  for (int attempt = 1;; ++attempt) {
    if (!exists(path)) return {};
    const bool in_use = exists(path + "-wal");
    try {
      auto rows = read_once(path, in_use ? "?mode=ro&readonly_shm=1" : "?mode=ro&immutable=1", select);
      if (in_use == exists(path + "-wal")) return rows;
    } catch (const std::exception&) {
      // syncd may have started or ended between exists() and the open: such a failure is not reported.
      if (attempt == attempts || in_use == exists(path + "-wal")) throw;
    }
    if (attempt == attempts)
      throw ledger_error("ledger " + path +
                         ": heberg-syncd started or ended during each attempt to read it: try again");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

std::vector<site> read_sites(const std::string& state_dir) {
  return read_rows(state_dir, &select_known_sites);
}

spent_uids read_spent_uids(const std::string& state_dir) {
  return read_rows(state_dir, &select_known_spent_uids);
}

std::optional<site> read_site(const std::string& state_dir, std::string_view name) {
  const auto all = read_sites(state_dir);
  const auto found = std::ranges::find(all, name, &site::name);
  return found == all.end() ? std::nullopt : std::optional(*found);
}

}  // namespace heberg::ledger
