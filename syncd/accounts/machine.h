// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine as the keeper sees it: everything it does to the world, and nothing else. Implemented by host_machine; in
// tests by a stand-in that fails, or stops dead, at any step.
#pragma once

#include "directory/writer.h"
#include "ledger/ledger.h"
#include "program/log.h"
#include "syncd/accounts/hasher.h"
#include "tree/owners.h"
#include "tree/password_file.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::syncd {

class machine {
 public:
  virtual ~machine() = default;

  // The ledger. Throw sqlite::error and its like.
  virtual std::vector<ledger::site> read_sites() = 0;
  virtual void write_sites(std::span<const ledger::site> rows) = 0;
  virtual void rename_site(const ledger::tree_move& move) = 0;
  virtual void undo_rename(const ledger::tree_move& move) = 0;
  virtual std::vector<ledger::tree_move> list_moves() = 0;
  virtual void finish_move(const ledger::tree_move& move) = 0;
  virtual void erase_site(const std::string& site) = 0;

  // The directory. Throws.
  virtual void publish(std::span<const directory::account> accounts) = 0;

  // The sites root, looked at again; what is wrong with it, or empty. While something is wrong, no tree is touched.
  virtual std::string check_root() = 0;
  // Makes what is missing of a tree; what is wrong with it. (site_trees.h)
  virtual std::vector<std::string> make_tree(const std::string& site, std::uint32_t uid) = 0;
  // What was there at the last check_root(), and what has come since.
  virtual const tree::site_owners& owners_of_trees() = 0;
  virtual std::string explain_foreign(const std::string& site, std::uint32_t uid) = 0;

  // A tree of that name, or whatever else bears it. move_tree replaces nothing, is no error where `from` is gone
  // already, and throws.
  virtual bool has_tree(const std::string& name) = 0;
  virtual void move_tree(const std::string& from, const std::string& to) = 0;

  // The sysadmin's files below .heberg. Throw.
  virtual void store_password(const std::string& site, const tree::secret& line) = 0;
  virtual std::string read_keys(const std::string& site) = 0;
  virtual void store_keys(const std::string& site, std::string_view text) = 0;

  // Looks at the password file, after asking to be told of its changes. watched: that could be had.
  struct watched_look {
    tree::password_look look;
    bool watched = true;
  };
  virtual watched_look look_at_password(const std::string& site, const std::optional<tree::fingerprint>& known) = 0;
  virtual void hash(hash_job job, hasher::lane lane) = 0;  // the answer comes by keeper::finish_hash()
  virtual bool has_room_to_hash() = 0;

  // Kills these accounts' sessions; says how many.
  virtual std::size_t cut_sessions(const std::set<std::uint32_t>& uids) = 0;

  virtual ledger::time wall_time() = 0;
  virtual std::chrono::steady_clock::time_point steady_time() = 0;
  virtual void log(level level, std::string_view message) = 0;
};

}  // namespace heberg::syncd
