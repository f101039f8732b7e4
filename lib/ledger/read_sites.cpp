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

std::vector<site> read_once(const std::string& path, std::string_view options) {
  return explain_damage(path, [&] {
    sqlite::database db(uri_of(path, options), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                        "ledger " + path);
    sqlite3_busy_timeout(db.get(), 2000);
    // Version 0: syncd has made the file, but not yet its tables.
    return read_version(db, path) == 0 ? std::vector<site>() : select_sites(db);
  });
}

}  // namespace

std::vector<site> read_sites(const std::string& state_dir) {
  const std::string path = state_dir + "/" + k_file;
  constexpr int attempts = 50;
  for (int attempt = 1;; ++attempt) {
    if (!exists(path)) return {};
    const bool in_use = exists(path + "-wal");
    try {
      auto sites = read_once(path, in_use ? "?mode=ro&readonly_shm=1" : "?mode=ro&immutable=1");
      if (in_use == exists(path + "-wal")) return sites;
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

std::optional<site> read_site(const std::string& state_dir, std::string_view name) {
  const auto all = read_sites(state_dir);
  const auto found = std::ranges::find(all, name, &site::name);
  return found == all.end() ? std::nullopt : std::optional(*found);
}

}  // namespace heberg::ledger
