// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine itself: ledger, directory, trees, password files, sessions, names. Joins the parts; decides nothing.
#pragma once

#include "program/settings.h"
#include "syncd/accounts/foreign_names.h"
#include "syncd/accounts/machine.h"
#include "syncd/accounts/password_watch.h"
#include "syncd/sftp/sftp_log.h"
#include "tree/ownership.h"
#include "tree/site_trees.h"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace heberg::syncd {

// What differs where it is not the real machine's root that runs this.
struct host_parts {
  std::shared_ptr<tree::ownership> owners = std::make_shared<tree::ownership>();
  std::shared_ptr<name_service> names = std::make_shared<system_name_service>();
  directory::owners directory_owners;  // of the published files; see real_directory_owners()
  std::string trusted_path;            // a prefix of the sites root whose components are not judged
  std::string procs = "/proc";
  std::function<void(level, std::string_view)> log = [](level level, std::string_view text) {
    heberg::log(level, text);
  };
};

// root's, and the group shadow's where there is one.
[[nodiscard]] directory::owners real_directory_owners();

class host_machine final : public machine {
 public:
  // Opens the ledger. hashed is called on the hasher's thread. Throws.
  host_machine(const settings& settings, host_parts parts, std::function<void(hash_result)> hashed);

  // The sessions' /dev/log leads there from the next check_root() on; null: to nobody.
  void log_sftp_to(sftp_log* log) noexcept { sftp_log_ = log; }

  [[nodiscard]] password_watch& watch() noexcept { return watch_; }

  std::vector<ledger::site> read_sites() override { return ledger_.list_sites(); }
  void write_sites(std::span<const ledger::site> rows) override { ledger_.write_sites(rows); }
  void rename_site(const ledger::tree_move& move) override { ledger_.rename_site(move); }
  void undo_rename(const ledger::tree_move& move) override { ledger_.undo_rename(move); }
  std::vector<ledger::tree_move> list_moves() override { return ledger_.list_moves(); }
  void finish_move(const ledger::tree_move& move) override { ledger_.finish_move(move); }
  void erase_site(const std::string& site) override { ledger_.erase_site(site); }
  void publish(std::span<const directory::account> accounts) override;
  std::string check_root() override;
  std::vector<std::string> make_tree(const std::string& site, std::uint32_t uid) override;
  const tree::site_owners& owners_of_trees() override;
  std::string explain_foreign(const std::string& site, std::uint32_t uid) override;
  bool has_tree(const std::string& name) override;
  void move_tree(const std::string& from, const std::string& to) override;
  void store_password(const std::string& site, const tree::secret& line) override;
  std::string read_keys(const std::string& site) override;
  void store_keys(const std::string& site, std::string_view text) override;
  watched_look look_at_password(const std::string& site, const std::optional<tree::fingerprint>& known) override;
  void hash(hash_job job, hasher::lane lane) override { hasher_.push(std::move(job), lane); }
  bool has_room_to_hash() override { return hasher_.has_room(); }
  std::size_t cut_sessions(const std::set<std::uint32_t>& uids) override;
  ledger::time wall_time() override;
  std::chrono::steady_clock::time_point steady_time() override { return std::chrono::steady_clock::now(); }
  void log(level level, std::string_view message) override { parts_.log(level, message); }

 private:
  [[nodiscard]] tree::shared_fd root() const;
  [[nodiscard]] tree::shared_fd sound_root() const;  // throws where there is none
  [[nodiscard]] unique_fd secrets_folder(const std::string& site) const;
  void serve_log_socket(const tree::shared_fd& root);
  std::optional<tree::fingerprint> store_new_password(const std::string& site, const tree::secret& password);

  const settings settings_;
  const host_parts parts_;
  ledger::ledger ledger_;
  password_watch watch_;
  mutable std::mutex root_mutex_;  // the hasher's thread stores new passwords below the root
  tree::shared_fd root_;
  std::optional<tree::site_trees> trees_;
  tree::site_owners owners_of_trees_;
  sftp_log* sftp_log_ = nullptr;
  std::shared_ptr<const tree::log_socket> log_socket_;
  std::string log_socket_problem_;  // said once
  bool told_of_polling_ = false;
  hasher hasher_;  // last: its thread uses the others
};

}  // namespace heberg::syncd
