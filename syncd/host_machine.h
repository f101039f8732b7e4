// SPDX-License-Identifier: LGPL-2.1-or-later
// The real host: ledger, directory, trees, password files, sessions, names. Connects them to the interfaces of
// accounts/host.h; decides nothing.
#pragma once

#include "program/settings.h"
#include "syncd/accounts/foreign_names.h"
#include "syncd/accounts/hasher.h"
#include "syncd/accounts/host.h"
#include "syncd/accounts/password_watch.h"
#include "syncd/mount_witness.h"
#include "syncd/sftp/sftp_log.h"
#include "tree/ownership.h"
#include "tree/sessions.h"
#include "tree/site_trees.h"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace heberg::syncd {

// What is different in a test, which does not run as root on a real host.
struct host_parts {
  std::shared_ptr<tree::ownership> owners = std::make_shared<tree::ownership>();
  std::shared_ptr<name_service> names = std::make_shared<system_name_service>();
  directory::owners directory_owners;  // of the published files; see real_directory_owners()
  std::string trusted_path;            // a prefix of the sites root whose components are not checked
  std::string procs = "/proc";
  log_function log = [](level level, std::string_view text) { heberg::log(level, text); };
};

// root's, and the group shadow's where there is one.
[[nodiscard]] directory::owners real_directory_owners();

class host_machine final : public account_store,
                           public rename_store,
                           public account_publisher,
                           public site_tree_store,
                           public name_checker,
                           public password_files,
                           public admin_files,
                           public session_cutter,
                           public time_source {
 public:
  // Opens the ledger. hashed is called on the hasher's thread. Throws.
  host_machine(const settings& settings, host_parts parts, std::function<void(hash_result)> hashed);

  [[nodiscard]] host_access access();

  // The sessions' /dev/log leads there from the next check_root() on; null: their messages are not logged.
  void log_sftp_to(sftp_log* log) noexcept { sftp_log_ = log; }

  // Where the sessions' sshd runs, as the engine last said; until it has, any sshd's sessions are cut.
  void use_sshd(const tree::sshd_place& place) noexcept { sshd_ = place; }

  [[nodiscard]] password_watch& watch() noexcept { return watch_; }

  std::vector<ledger::site> read_sites() override { return ledger_.list_sites(); }
  void write_sites(std::span<const ledger::site> rows) override { ledger_.write_sites(rows); }
  void erase_site(const std::string& site) override { ledger_.erase_site(site); }
  ledger::spent_uids list_spent_uids() override { return ledger_.list_spent_uids(); }

  void rename_site(const ledger::tree_move& move) override { ledger_.rename_site(move); }
  void undo_rename(const ledger::tree_move& move) override { ledger_.undo_rename(move); }
  std::vector<ledger::tree_move> list_moves() override { return ledger_.list_moves(); }
  void finish_move(const ledger::tree_move& move) override { ledger_.finish_move(move); }

  void publish(std::span<const directory::account> accounts) override;

  std::string check_root() override;
  std::vector<std::string> make_tree(const std::string& site, std::uint32_t uid) override;
  const tree::site_owners& owners_of_trees() override;
  bool has_tree(const std::string& name) override;
  void move_tree(const std::string& from, const std::string& to) override;
  std::string explain_mounts(const docker::container& container) override;

  std::string explain_foreign(const std::string& site, std::uint32_t uid) override;

  reading read_password(const std::string& site, const std::optional<tree::fingerprint>& known) override;

  void store_password(const std::string& site, const tree::secret& line) override;
  std::string read_keys(const std::string& site) override;
  void store_keys(const std::string& site, std::string_view text) override;

  std::size_t cut_sessions(const std::set<std::uint32_t>& uids) override;

  ledger::time wall_now() override;
  steady_time steady_now() override { return std::chrono::steady_clock::now(); }

  void log(level level, std::string_view message) const { parts_.log(level, message); }

 private:
  [[nodiscard]] tree::shared_fd root() const;
  [[nodiscard]] tree::shared_fd safe_root() const;  // throws where there is none
  [[nodiscard]] unique_fd secrets_folder(const std::string& site) const;
  void warn_of_host(const tree::shared_fd& root);
  void serve_log_socket(const tree::shared_fd& root);
  void log_polling(bool is_watched);
  std::optional<tree::fingerprint> store_new_password(const std::string& site, const tree::secret& password);

  const settings settings_;
  const host_parts parts_;
  mount_witness mounts_;
  ledger::ledger ledger_;
  password_watch watch_;
  mutable std::mutex root_mutex_;  // the hasher's thread stores new passwords below the root
  tree::shared_fd root_;
  std::optional<tree::site_trees> trees_;
  tree::site_owners owners_of_trees_;
  sftp_log* sftp_log_ = nullptr;
  std::shared_ptr<const tree::log_socket> log_socket_;
  std::string log_socket_problem_;  // logged once
  tree::sshd_place sshd_;
  bool has_logged_polling_ = false;
  bool has_logged_no_instance_ = false;
  std::string host_warnings_;  // each logged once
  hasher hasher_;              // last: its thread uses the members above
};

}  // namespace heberg::syncd
