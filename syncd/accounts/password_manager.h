// SPDX-License-Identifier: LGPL-2.1-or-later
// Follows the sites' password files: reads those that may have changed, has passwords hashed, and stores the hash in
// the site's row. A file that no event reports on is polled. What a file must be like is judged by
// tree/password_file.h, what its line is by tree/password.h.
#pragma once

#include "program/settings.h"
#include "syncd/accounts/account_writer.h"
#include "syncd/accounts/hash_queue.h"
#include "syncd/accounts/host.h"
#include "syncd/accounts/problem_log.h"
#include "syncd/reconcile/site_table.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace heberg::syncd {

struct password_parts {
  const site_table& sites;
  password_files& files;
  hash_queue& hashes;
  time_source& time;
  problem_log& log;
  std::function<bool()> can_read_trees;  // false: the sites root is unsafe
  std::function<void(ledger::site row, publish_urgency urgency)> store;
};

class password_manager {
 public:
  password_manager(const settings& settings, password_parts parts);

  void touch(const std::string& site);                          // something happened in its .heberg folder
  void touch_all();                                             // events were lost
  void add(const std::string& site) { to_read_.insert(site); }  // read it when there is room to hash
  void finish_hash(hash_result result);
  void forget(const std::string& site);

  void read_due();
  [[nodiscard]] std::optional<steady_time> next_due() const;
  [[nodiscard]] bool is_idle() const { return to_read_.empty() && hashing_.empty(); }  // but for delayed reads
  [[nodiscard]] bool has_delayed() const { return !delayed_.empty(); }

 private:
  struct pending_hash {
    std::uint64_t ticket = 0;
    bool make_new = false;
    hash_queue::lane lane = hash_queue::lane::bulk;
    tree::fingerprint file;
  };

  void add_unwatched(steady_time now);
  void read(const std::string& site, hash_queue::lane lane);
  void apply(const ledger::site& row, tree::password_file_state state, hash_queue::lane lane);
  void apply_line(const ledger::site& row, tree::file_line found, hash_queue::lane lane);
  void apply_absence(const ledger::site& row, hash_queue::lane lane);
  void refuse(const ledger::site& row, const std::string& reason, std::optional<tree::fingerprint> file,
              hash_queue::lane lane);
  void push_hash(hash_job job, hash_queue::lane lane);
  void store(ledger::site row, std::string hash, ledger::hash_origin origin, std::optional<tree::fingerprint> file,
             hash_queue::lane lane);
  [[nodiscard]] std::string path_of(const std::string& site) const;

  const settings settings_;
  const password_parts parts_;
  std::set<std::string> to_read_;               // as soon as there is room to hash
  std::map<std::string, steady_time> delayed_;  // to be read then
  std::set<std::string> vanished_;   // files that existed and do not: an editor may be about to write the new one
  std::set<std::string> unwatched_;  // no event reports a change (inotify's limit): polled
  std::optional<steady_time> next_poll_;
  std::map<std::string, pending_hash> hashing_;
  std::set<std::string> touched_while_hashing_;
  std::uint64_t tickets_ = 0;
};

}  // namespace heberg::syncd
