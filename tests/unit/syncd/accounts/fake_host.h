// SPDX-License-Identifier: LGPL-2.1-or-later
// A host in memory that outlives the account_managers that run on it. It fails, or stops an account_manager, where the
// test says.
#pragma once

#include "syncd/accounts/account_manager.h"
#include "syncd/accounts/host.h"
#include "tree/password.h"

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace heberg::test {

// As kill -9 at this moment: thrown through the account_manager, which is destroyed then.
struct killed {};

struct fake_file {
  std::string line;
  tree::fingerprint mark;
  std::string refused;     // why
  std::string unreadable;  // why
};

class fake_host final : public syncd::account_store,
                        public syncd::rename_store,
                        public syncd::account_publisher,
                        public syncd::site_tree_store,
                        public syncd::name_checker,
                        public syncd::password_files,
                        public syncd::hash_queue,
                        public syncd::admin_files,
                        public syncd::session_cutter,
                        public syncd::time_source {
 public:
  // ---- the world ----
  std::map<std::string, ledger::site> book;
  ledger::spent_uids spent;
  std::map<std::string, directory::account> published;
  std::map<std::string, std::uint32_t> trees;
  std::map<std::string, fake_file> files;
  tree::site_owners owners;  // of trees that no account_manager made
  std::map<std::string, std::string> keys;
  std::vector<ledger::tree_move> moves;
  std::map<std::string, std::string> foreign;
  std::string root_problem;
  std::vector<std::string> tree_problems;
  std::set<std::string> unwatchable;
  std::vector<std::set<std::uint32_t>> cuts;
  std::vector<std::string> lines;  // of the log: "warning a: text"
  std::deque<syncd::hash_job> jobs;
  std::vector<syncd::hash_queue::lane> lanes;
  bool room = true;
  std::chrono::milliseconds now{3'600'000};
  int publications = 0;
  int reads = 0;

  // ---- faults ----
  bool ledger_fails = false;
  bool directory_fails = false;
  bool tree_move_fails = false;
  // The n-th step that changes the world, counted from 0, stops the account_manager: before it takes effect, or right
  // after.
  int kill_before = -1;
  int kill_after = -1;
  int steps = 0;

  void write_password(const std::string& site, std::string line) {
    files[site] = {std::move(line), new_mark(), {}, {}};
  }
  void refuse_password(const std::string& site, std::string why) { files[site] = {{}, new_mark(), std::move(why), {}}; }

  // Does the waiting jobs, without the time that real hashing takes: the hash of "x" is "hash of x".
  void run_jobs(syncd::account_manager& accounts) {
    while (!jobs.empty()) {
      auto job = std::move(jobs.front());
      jobs.pop_front();
      accounts.passwords().finish_hash(run_job(job));
    }
  }
  syncd::hash_result run_job(const syncd::hash_job& job) {
    syncd::hash_result result;
    result.site = job.site;
    result.ticket = job.ticket;
    result.file = job.file;
    if (!job.make_new) {
      result.hash = "hash of " + std::string(job.password.view());
    } else if (files.contains(job.site)) {
      result.is_stale = true;
    } else {
      step([&] { write_password(job.site, "made-" + job.site); });
      result.hash = "hash of made-" + job.site;
      result.made = tree::secret("made-" + job.site);
      result.file = files[job.site].mark;
    }
    return result;
  }

  [[nodiscard]] bool has_logged(std::string_view text) const {
    for (const auto& line : lines) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  }
  [[nodiscard]] std::string hash_of(const std::string& site) const { return published.at(site).hash; }

  syncd::host_access access() {
    return {.accounts = *this,
            .renames = *this,
            .directory = *this,
            .trees = *this,
            .names = *this,
            .passwords = *this,
            .hashes = *this,
            .files = *this,
            .sessions = *this,
            .time = *this,
            .log = [this](level level, std::string_view text) { log(level, text); }};
  }

  // ---- the interfaces ----
  std::vector<ledger::site> read_sites() override {
    std::vector<ledger::site> rows;
    for (const auto& [name, row] : book) rows.push_back(row);
    return rows;
  }
  void write_sites(std::span<const ledger::site> rows) override {
    if (ledger_fails) throw std::runtime_error("ledger: disk full");
    step([&] {
      for (const auto& row : rows) {
        for (const auto& [name, other] : book) {
          if (other.uid == row.uid && name != row.name) throw std::logic_error("two sites with one uid");
        }
        book[row.name] = row;
      }
    });
  }
  void rename_site(const ledger::tree_move& move) override {
    step([&] {
      change_name(move.from, move.to);
      moves.push_back(move);
    });
  }
  void undo_rename(const ledger::tree_move& move) override {
    step([&] {
      change_name(move.to, move.from);
      std::erase(moves, move);
    });
  }
  std::vector<ledger::tree_move> list_moves() override { return moves; }
  void finish_move(const ledger::tree_move& move) override {
    step([&] { std::erase(moves, move); });
  }
  void erase_site(const std::string& site) override {
    step([&] {
      if (const auto row = book.find(site); row != book.end()) spent[row->second.uid] = site;
      book.erase(site);
    });
  }
  ledger::spent_uids list_spent_uids() override { return spent; }
  void publish(std::span<const directory::account> accounts) override {
    if (directory_fails) throw std::runtime_error("directory: disk full");
    step([&] {
      published.clear();
      for (const auto& account : accounts) {
        const auto row = book.find(account.name);
        if (row == book.end() || row->second.uid != account.id)
          throw std::logic_error("published before it was in the ledger");
        published[account.name] = account;
      }
    });
    ++publications;
  }
  std::string check_root() override { return root_problem; }
  std::vector<std::string> make_tree(const std::string& site, std::uint32_t uid) override {
    step([&] { trees[site] = uid; });
    return tree_problems;
  }
  const tree::site_owners& owners_of_trees() override {
    for (const auto& [site, uid] : trees) owners[site] = {uid, uid};
    return owners;
  }
  std::string explain_foreign(const std::string& site, std::uint32_t) override {
    const auto found = foreign.find(site);
    return found == foreign.end() ? "" : found->second;
  }
  bool has_tree(const std::string& name) override { return trees.contains(name); }
  void move_tree(const std::string& from, const std::string& to) override {
    if (tree_move_fails) throw std::runtime_error("rename: I/O error");
    if (!trees.contains(from)) return;
    if (trees.contains(to)) throw std::runtime_error("rename: exists");
    step([&] {
      trees[to] = trees.extract(from).mapped();
      if (auto file = files.extract(from)) files[to] = file.mapped();
    });
  }
  void store_password(const std::string& site, const tree::secret& line) override {
    write_password(site, std::string(line.view()));
  }
  std::string read_keys(const std::string& site) override { return keys[site]; }
  void store_keys(const std::string& site, std::string_view text) override { keys[site] = text; }
  reading read_password(const std::string& site, const std::optional<tree::fingerprint>& known) override {
    ++reads;
    return {read_file(site, known), !unwatchable.contains(site)};
  }
  void push(syncd::hash_job job, lane where) override {
    jobs.push_back(std::move(job));
    lanes.push_back(where);
  }
  bool has_room() const override { return room; }
  std::size_t cut_sessions(const std::set<std::uint32_t>& uids) override {
    step([&] { cuts.push_back(uids); });
    return 1;
  }
  ledger::time wall_now() override { return ledger::time(now); }
  syncd::steady_time steady_now() override { return syncd::steady_time(now); }
  void log(level level, std::string_view message) {
    const char* name = level == level::error ? "error " : level == level::warning ? "warning " : "info ";
    lines.push_back(name + std::string(message));
  }

 private:
  void change_name(const std::string& from, const std::string& to) {
    if (book.contains(to)) throw std::logic_error("that name is taken");
    auto row = book.extract(from);
    row.mapped().name = to;
    book[to] = row.mapped();
  }
  tree::password_file_state read_file(const std::string& site, const std::optional<tree::fingerprint>& known) {
    const auto file = files.find(site);
    if (file == files.end()) return tree::file_absent{};
    if (!file->second.unreadable.empty()) return tree::file_unreadable{file->second.unreadable};
    if (known == file->second.mark) return tree::file_unchanged{};
    if (!file->second.refused.empty()) return tree::file_refused{file->second.mark, file->second.refused};
    return tree::file_line{file->second.mark, tree::secret(file->second.line)};
  }
  template <typename Act>
  void step(Act act) {
    const int number = steps++;
    if (number == kill_before) throw killed();
    act();
    if (number == kill_after) throw killed();
  }
  tree::fingerprint new_mark() { return {.device = 1, .inode = ++marks_}; }

  std::uint64_t marks_ = 0;
};

}  // namespace heberg::test
