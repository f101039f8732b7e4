// SPDX-License-Identifier: LGPL-2.1-or-later
// The ledger: the authoritative record of sites, UIDs and hashes. SQLite in WAL mode, synchronous=FULL, mode 0600. One
// program writes it (syncd); a lock file beside it keeps a second one out. Readers (hebergctl) use read_sites(), which
// writes and creates nothing.
//
// A row stays when its site's containers go: its UID is never given to another site. States of a row:
//   active    a container exists (missing_since empty), or has been missing for less than accounts.retire_after
//   retired   retired_at is set: not in the directory
//   locked    locked_at is set: in the directory, but no login; independent of the two above
#pragma once

#include "base/unique_fd.h"
#include "sqlite/sqlite.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::ledger {

using time = std::chrono::sys_time<std::chrono::milliseconds>;

// Where a site's hash came from.
enum class hash_origin {
  none,      // its password file was not read yet
  password,  // hashed here from the file's first line
  hash,      // stood in the file
  empty,     // the file is empty: password login is off
  refused,   // the file was refused: password login is off
};

// A file as it was judged last. ctime changes with owner, mode and links, so equal means: nothing to judge again.
struct fingerprint {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  auto operator<=>(const fingerprint&) const = default;
};

struct site {
  std::string name;
  std::uint32_t uid = 0;  // GID too
  std::string gecos;
  time created_at;
  std::optional<time> missing_since;
  std::optional<time> retired_at;
  std::optional<time> locked_at;
  std::string lock_reason;
  std::string hash = "*";
  hash_origin origin = hash_origin::none;
  std::optional<fingerprint> password_file;
  auto operator<=>(const site&) const = default;

  [[nodiscard]] bool is_retired() const noexcept { return retired_at.has_value(); }
  [[nodiscard]] bool is_locked() const noexcept { return locked_at.has_value(); }
};

// A renamed site whose tree may not have moved yet.
struct tree_move {
  std::string from;
  std::string to;  // as the site is called now
  auto operator<=>(const tree_move&) const = default;
};

// UIDs that purged sites had, and the name of the last such site. No other site gets one of them.
using spent_uids = std::map<std::uint32_t, std::string>;

inline constexpr char k_file[] = "ledger.db";  // in settings.state_dir

struct ledger_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class ledger {
 public:
  // Opens the ledger in the folder state_dir, making both where they are missing, and brings an older schema up to
  // date. Throws ledger_error where another program has it open for writing, its schema is newer than this program, it
  // is damaged, or it belongs to another user; sqlite::error or std::system_error for any other failure. A damaged
  // ledger is left as it is.
  explicit ledger(const std::string& state_dir);

  [[nodiscard]] std::vector<site> list_sites();  // sorted by name

  // Writes these rows, new or known, all or none. Throws sqlite::error, also for a name or a UID that is taken.
  void write_sites(std::span<const site> rows);

  // Changes a row's name and records the tree's move, both or neither; finish_move() removes the record, undo_rename()
  // reverts both. Throws sqlite::error, also where the new name is taken.
  void rename_site(const tree_move& move);
  void undo_rename(const tree_move& move);
  [[nodiscard]] std::vector<tree_move> list_moves();
  void finish_move(const tree_move& move);

  // Nothing else removes a row. Its UID is spent then: write_sites() refuses it for a site of another name.
  void erase_site(const std::string& name);
  [[nodiscard]] spent_uids list_spent_uids();

 private:
  void bring_up_to_date();

  unique_fd lock_;
  std::string path_;
  sqlite::database db_;
};

// All rows, sorted by name, without writing or creating anything, whether syncd runs, has ended, or was killed. Empty
// where there is no ledger yet. Throws as the constructor above.
[[nodiscard]] std::vector<site> read_sites(const std::string& state_dir);
[[nodiscard]] spent_uids read_spent_uids(const std::string& state_dir);
[[nodiscard]] std::optional<site> read_site(const std::string& state_dir, std::string_view name);

}  // namespace heberg::ledger
