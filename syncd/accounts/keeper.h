// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps accounts in step with containers: takes what the engine has, decides (reconcile.h), and carries it out in an
// order that leaves old or new wherever it is interrupted:
//   the ledger is committed -> the trees are made -> the directory is published -> sessions of accounts that are no
//   more are cut; passwords follow: an account is published with "*" first, and again when its hash is there.
// What fails is tried again; what is wrong with one site is logged and holds nobody else up. No clock, thread, socket
// or file in here: the machine is injected, and work() says when it wants to be called next.
#pragma once

#include "docker/watcher.h"
#include "program/settings.h"
#include "syncd/accounts/claim_book.h"
#include "syncd/accounts/machine.h"
#include "syncd/accounts/publish_times.h"
#include "syncd/accounts/reconcile.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::syncd {

class keeper {
 public:
  using steady = std::chrono::steady_clock::time_point;

  keeper(const settings& settings, machine& machine);

  // Reads the ledger; the first work() publishes what it says, whether or not the engine answers. Throws.
  void start();

  // What the engine has now, after a list: trees and passwords of all sites are looked at again.
  void take(const docker::containers& all);
  // The same, of which these alone have changed since.
  void take_changes(const docker::containers& all, const docker::container_ids& changed);
  void lose_engine();  // until the next take() nobody is retired

  void touch_password(const std::string& site);  // something happened in its .heberg folder
  void touch_all_passwords();                    // events were lost
  void finish_hash(hash_result result);

  // The sysadmin's word. Empty: done, in the ledger and the directory; else why not.
  [[nodiscard]] std::string lock(const std::string& site, const std::string& why);
  [[nodiscard]] std::string unlock(const std::string& site);

  struct outcome {
    enum kind { done, refused, failed } what = done;
    std::string text;
  };
  // A row with a UID, and a tree, for a container to come. Twice is once. With a UID that is wished, and had where it
  // is nobody's, no tree is made: one is to be restored.
  [[nodiscard]] outcome reserve(const std::string& site, std::optional<std::uint32_t> wished = {});

  // The site's row goes, and its UID with it; its tree stays, or is moved to tree::purged_name() below the sites root. These
  // two want a known site, refuse while it has a container, and throw where the machine fails.
  enum class tree_fate { stays, aside };
  [[nodiscard]] outcome purge(const std::string& site, tree_fate tree);
  [[nodiscard]] outcome rename(const std::string& site, const std::string& to);

  // Does what is due, some of it if it is much; says when to come again. Empty: not before something happens.
  std::optional<steady> work();

  // Saves and publishes what is waiting, due or not (before an end). False: it failed, and was logged.
  bool flush();

  [[nodiscard]] bool is_in_touch() const { return in_touch_; }
  [[nodiscard]] bool has_published() const { return published_; }
  [[nodiscard]] bool has_unpublished() const { return publishing_.due().has_value(); }
  [[nodiscard]] bool has_failed() const { return failing_; }  // the last flush failed
  [[nodiscard]] bool is_settled() const;                      // nothing is under way but waiting for retire_after
  [[nodiscard]] bool waits_for_files_alone() const;  // nothing but password files that are to be looked at once more
  [[nodiscard]] std::size_t count_accounts() const { return accounts_; }
  [[nodiscard]] std::size_t count_refused() const { return refused_.size(); }
  [[nodiscard]] const site_rows& sites() const { return rows_; }
  [[nodiscard]] const std::map<std::string, std::string>& refused() const { return refused_; }
  [[nodiscard]] const claim_book& claims() const { return claims_; }

 private:
  struct pending_hash {
    std::uint64_t ticket = 0;
    bool make_new = false;
    hasher::lane lane = hasher::lane::bulk;
    tree::fingerprint file;
  };
  struct pending_cut {
    steady due;
    std::set<std::uint32_t> uids;
  };

  void finish_moves();
  [[nodiscard]] std::string explain_in_use(const std::string& site) const;
  void forget(const std::string& site);
  [[nodiscard]] questions questions_of_machine();
  [[nodiscard]] questions questions_without_haste();
  void reconcile_claims();
  void tell_refused(std::map<std::string, std::string> refused);
  enum class hurry { at_once, can_wait };
  void store_row(ledger::site row, hurry how = hurry::at_once);
  bool save();
  bool publish();
  void check_root();
  void cut_later(std::set<std::uint32_t> uids);
  void cut_due(steady now);
  void make_trees();
  void look_at_passwords(steady now);
  void poll_unwatched(steady now);
  [[nodiscard]] std::optional<steady> next_work() const;
  void visit_tree(const std::string& site);
  void look(const std::string& site, hasher::lane lane);
  void judge(const ledger::site& row, tree::password_look look, hasher::lane lane);
  void judge_line_of(const ledger::site& row, tree::file_line found, hasher::lane lane);
  void renew_absent(const ledger::site& row, hasher::lane lane);
  void push_hash(hash_job job, hasher::lane lane);
  void settle_password(ledger::site row, std::string hash, ledger::hash_origin origin,
                       std::optional<tree::fingerprint> file, hasher::lane lane);
  [[nodiscard]] const ledger::site* find_active(const std::string& site) const;
  [[nodiscard]] std::string secrets_path(const std::string& site) const;
  void say(level level, const std::string& site, std::string_view text);
  void say_change(const std::string& topic, level level, const std::string& site, const std::string& text);

  const settings settings_;
  const account_rules rules_;
  machine& machine_;

  std::size_t accounts_ = 0;                    // rows that are not retired
  site_rows rows_;                              // the ledger, and what is to enter it
  claim_book claims_;                           // what the engine had last
  std::map<std::string, std::string> foreign_;  // of reconcile: site -> why it has no account
  std::map<std::string, std::string> refused_;  // "container X" or a site -> why; told once
  std::map<std::string, std::string> told_;     // topic -> what was said last, so that it is said once
  bool in_touch_ = false;
  bool root_is_sound_ = false;
  bool published_ = false;
  bool failing_ = false;

  std::set<std::string> unsaved_;  // rows that the ledger does not have like this yet
  std::set<std::string> unborn_;   // rows that the ledger does not have at all: no tree, no account before it has
  std::vector<std::string> appeared_;
  std::vector<site_event> events_;
  debounce publishing_{k_publish_times};
  std::optional<steady> reconcile_due_;

  std::set<std::uint32_t> to_cut_;
  std::vector<pending_cut> cuts_;

  std::set<std::string> trees_;           // to be looked at
  std::set<std::string> looks_;           // passwords to be looked at, as soon as there is room to hash
  std::map<std::string, steady> urgent_;  // passwords to be looked at then
  std::set<std::string> vanished_;        // password files that were there and are not: an editor may be at work
  std::set<std::string> unwatched_;       // no change is told of (inotify's limit): polled
  std::optional<steady> next_poll_;
  std::map<std::string, pending_hash> hashing_;
  std::set<std::string> touched_meanwhile_;
  std::uint64_t tickets_ = 0;
};

}  // namespace heberg::syncd
