// SPDX-License-Identifier: LGPL-2.1-or-later
// What the accounts' classes need of the host, one interface for each need; each class takes only those that it uses.
// host_machine.h implements them; the tests have a stand-in that fails, or stops the process, at any step.
#pragma once

#include "directory/writer.h"
#include "docker/container.h"
#include "ledger/ledger.h"
#include "program/log.h"
#include "syncd/accounts/hash_queue.h"
#include "tree/owners.h"
#include "tree/password_file.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::syncd {

using log_function = std::function<void(level, std::string_view)>;
using steady_time = std::chrono::steady_clock::time_point;

// The ledger's rows. Throws sqlite::error and its like.
class account_store {
 public:
  virtual ~account_store() = default;
  virtual std::vector<ledger::site> read_sites() = 0;
  virtual void write_sites(std::span<const ledger::site> rows) = 0;
  virtual void erase_site(const std::string& site) = 0;
  virtual ledger::spent_uids list_spent_uids() = 0;  // of the sites that erase_site() erased
};

// The ledger's record of renames: the row has its new name, the tree perhaps not yet. Throws as account_store.
class rename_store {
 public:
  virtual ~rename_store() = default;
  virtual void rename_site(const ledger::tree_move& move) = 0;
  virtual void undo_rename(const ledger::tree_move& move) = 0;
  virtual std::vector<ledger::tree_move> list_moves() = 0;
  virtual void finish_move(const ledger::tree_move& move) = 0;
};

// The directory that the NSS and PAM modules read. Throws.
class account_publisher {
 public:
  virtual ~account_publisher() = default;
  virtual void publish(std::span<const directory::account> accounts) = 0;
};

// The sites' trees.
class site_tree_store {
 public:
  virtual ~site_tree_store() = default;

  // Opens the sites root again. Returns what is wrong with it, or an empty text. No tree is touched while it is unsafe.
  virtual std::string check_root() = 0;

  // Makes what is missing of a tree. Returns what is wrong with it (tree/site_trees.h).
  virtual std::vector<std::string> make_tree(const std::string& site, std::uint32_t uid) = 0;

  // The trees that existed at the last check_root(), and those that were added since.
  virtual const tree::site_owners& owners_of_trees() = 0;

  // True for a tree of that name, and for any other file of that name. Throws.
  virtual bool has_tree(const std::string& name) = 0;

  // Why what the container has mounted is not what its mounts say (mount_witness.h); empty: it is. It is stopped then.
  virtual std::string explain_mounts(const docker::container& container) {
    static_cast<void>(container);
    return {};
  }

  // Replaces nothing. A missing `from` is no error. Throws.
  virtual void move_tree(const std::string& from, const std::string& to) = 0;
};

// The host's other sources of user and group names.
class name_checker {
 public:
  virtual ~name_checker() = default;
  // Why the site cannot have this name and UID (foreign_names.h); empty where it can.
  virtual std::string explain_foreign(const std::string& site, std::uint32_t uid) = 0;
};

// The sites' password files, for reading.
class password_files {
 public:
  virtual ~password_files() = default;

  struct reading {
    tree::password_file_state state;
    bool watched = true;  // false: no event will report a change, the file must be polled
  };
  // Subscribes to the file's changes, then reads it. known: as tree::read_password_file().
  virtual reading read_password(const std::string& site, const std::optional<tree::fingerprint>& known) = 0;
};

// The sysadmin's files below .heberg, for writing. Throws.
class admin_files {
 public:
  virtual ~admin_files() = default;
  virtual void store_password(const std::string& site, const tree::secret& line) = 0;
  virtual std::string read_keys(const std::string& site) = 0;
  virtual void store_keys(const std::string& site, std::string_view text) = 0;
};

class session_cutter {
 public:
  virtual ~session_cutter() = default;
  // Kills these accounts' sessions. Returns the number of killed processes. Throws.
  virtual std::size_t cut_sessions(const std::set<std::uint32_t>& uids) = 0;
};

class time_source {
 public:
  virtual ~time_source() = default;
  virtual ledger::time wall_now() = 0;
  virtual steady_time steady_now() = 0;
};

// All of them, for the place where the classes are put together.
struct host_access {
  account_store& accounts;
  rename_store& renames;
  account_publisher& directory;
  site_tree_store& trees;
  name_checker& names;
  password_files& passwords;
  hash_queue& hashes;
  admin_files& files;
  session_cutter& sessions;
  time_source& time;
  log_function log;
};

}  // namespace heberg::syncd
