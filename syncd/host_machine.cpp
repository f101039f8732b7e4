// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/host_machine.h"

#include "base/errors.h"
#include "docker/call.h"
#include "tree/admin_files.h"
#include "tree/host_protection.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace heberg::syncd {
namespace {

constexpr std::chrono::seconds k_stop_timeout{10};  // nothing else is done meanwhile: an escape is under way

}  // namespace

directory::owners real_directory_owners() {
  system_name_service names;
  const auto shadow = names.find_group("shadow");
  return {.owner = 0, .accounts_group = 0, .shadow_group = shadow ? shadow->id : 0};
}

host_machine::host_machine(const settings& settings, host_parts parts, std::function<void(hash_result)> hashed)
    : settings_(settings),
      parts_(std::move(parts)),
      mounts_(
          site::classifier({.root = settings.sites.host_root.empty() ? settings.sites.root : settings.sites.host_root,
                            .images = settings.sites.images}),
          parts_.procs, [this](level severity, const std::string& text) { log(severity, text); },
          [host = settings.docker.host](const std::string& id) {
            const auto answer = docker::call(host, docker::method::post, "/containers/" + id + "/stop?t=0", {},
                                             {.timeout = k_stop_timeout});
            return answer.is_good() || answer.status == 304 || answer.status == 404 ? std::string() : answer.reason();
          }),
      ledger_(settings.state_dir),
      hasher_(
          [this](const std::string& site, const tree::secret& password) { return store_new_password(site, password); },
          std::move(hashed)) {}

host_access host_machine::access() {
  return {.accounts = *this,
          .renames = *this,
          .directory = *this,
          .trees = *this,
          .names = *this,
          .passwords = *this,
          .hashes = hasher_,
          .files = *this,
          .sessions = *this,
          .time = *this,
          .log = parts_.log};
}

void host_machine::publish(std::span<const directory::account> accounts) {
  directory::publish(settings_.state_dir + "/directory", accounts, parts_.directory_owners);
}

tree::shared_fd host_machine::root() const {
  const std::lock_guard lock(root_mutex_);
  return root_;
}

std::string host_machine::check_root() {
  auto opened = tree::open_sites_root(settings_.sites.root, *parts_.owners, tree::make_root::yes, parts_.trusted_path);
  auto* found = std::get_if<tree::shared_fd>(&opened);
  {
    const std::lock_guard lock(root_mutex_);
    root_ = found != nullptr ? *found : nullptr;
  }
  trees_.reset();
  owners_of_trees_.clear();
  if (found == nullptr) return std::get<tree::root_problem>(opened).reason;
  trees_.emplace(*found, settings_.sites.root, *parts_.owners);
  warn_of_host(*found);
  serve_log_socket(*found);
  return {};
}

void host_machine::warn_of_host(const tree::shared_fd& root) {
  const auto& sites = settings_.sites;
  std::string now;
  for (const auto& [text, remedy] :
       tree::find_missing_protection(root->get(), sites.host_root.empty() ? sites.root : sites.host_root)) {
    const auto line = "host: " + text + " (" + remedy + ")\n";
    now += line;
    if (host_warnings_.find(line) == std::string::npos) log(level::warning, line.substr(0, line.size() - 1));
  }
  host_warnings_ = std::move(now);
}

// Where this fails, sessions work all the same, but are not logged.
void host_machine::serve_log_socket(const tree::shared_fd& root) {
  if (sftp_log_ == nullptr) return;
  std::string problem;
  try {
    if (log_socket_ == nullptr || !log_socket_->is_in(root->get())) {
      log_socket_ = std::make_shared<const tree::log_socket>(root->get());
      sftp_log_->listen(log_socket_, root);
    }
    trees_->use_log_socket(log_socket_);
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (!problem.empty() && problem != log_socket_problem_)
    log(level::error, "sftp.log: no socket below " + settings_.sites.root + ": " + problem);
  log_socket_problem_ = std::move(problem);
}

std::vector<std::string> host_machine::make_tree(const std::string& site, std::uint32_t uid) {
  return trees_ ? trees_->make(site, uid) : std::vector<std::string>();
}

const tree::site_owners& host_machine::owners_of_trees() {
  if (trees_) trees_->find_owners(owners_of_trees_);
  return owners_of_trees_;
}

std::string host_machine::explain_foreign(const std::string& site, std::uint32_t uid) {
  return syncd::explain_foreign(*parts_.names, {.name = site, .id = uid, .home = settings_.sites.root + "/" + site});
}

password_files::reading host_machine::read_password(const std::string& site,
                                                    const std::optional<tree::fingerprint>& known) {
  const auto root_fd = root();
  if (root_fd == nullptr) return {tree::file_unreadable{"the sites root is unsafe"}};
  const unique_fd folder = tree::open_secrets_folder(root_fd->get(), site);
  if (!folder) {
    // A missing folder cannot be watched: polling finds it when it returns.
    if (errno == ELOOP || errno == ENOTDIR)
      return {tree::file_refused{std::nullopt, "its folder .heberg is a symbolic link or not a folder"}, false};
    return {tree::file_unreadable{std::string("open .heberg: ") + std::strerror(errno)}, false};
  }
  // Watched first, then read: a change in between causes another read.
  const bool watched = watch_.watch(site, folder.get());
  log_polling(watched);
  return {tree::read_password_file(folder.get(), known, *parts_.owners), watched};
}

// Once each time that it begins, and that the instance is there again.
void host_machine::log_polling(bool is_watched) {
  if (is_watched) {
    if (std::exchange(has_logged_no_instance_, false))
      log(level::info, "passwords: inotify(7) works again: the files are watched");
  } else if (watch_.error() != 0) {
    if (std::exchange(has_logged_no_instance_, true)) return;
    log(level::warning,
        std::string("passwords: no inotify(7) instance: ") + std::strerror(watch_.error()) +
            ": the files are polled until there is one; root in some container may use them all up "
            "(fs.inotify.max_user_instances; \"hebergctl check\" names the containers in which root runs)");
  } else if (!std::exchange(has_logged_polling_, true)) {
    log(level::warning, "passwords: some files cannot be watched and are polled: raise fs.inotify.max_user_watches");
  }
}

tree::shared_fd host_machine::safe_root() const {
  auto root_fd = root();
  if (root_fd == nullptr) throw std::runtime_error("the sites root is unsafe; the log says why");
  return root_fd;
}

unique_fd host_machine::secrets_folder(const std::string& site) const {
  unique_fd folder = tree::open_secrets_folder(safe_root()->get(), site);
  if (!folder) throw_errno("open .heberg of", site);
  return folder;
}

bool host_machine::has_tree(const std::string& name) {
  struct stat ignored {};
  if (::fstatat(safe_root()->get(), name.c_str(), &ignored, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (errno != ENOENT) throw_errno("stat", name);
  return false;
}

void host_machine::move_tree(const std::string& from, const std::string& to) {
  const auto root_fd = safe_root();
  if (::renameat2(root_fd->get(), from.c_str(), root_fd->get(), to.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == ENOENT) return;
    throw_errno("rename " + from + " to", to);
  }
  if (::fsync(root_fd->get()) != 0) throw_errno("fsync", settings_.sites.root);
}

std::string host_machine::explain_mounts(const docker::container& container) {
  const auto root_fd = root();
  return root_fd == nullptr ? std::string() : mounts_.explain(root_fd->get(), container);
}

void host_machine::store_password(const std::string& site, const tree::secret& line) {
  tree::replace_password(secrets_folder(site).get(), line, *parts_.owners);
}

std::string host_machine::read_keys(const std::string& site) {
  return tree::read_keys(secrets_folder(site).get(), *parts_.owners);
}

void host_machine::store_keys(const std::string& site, std::string_view text) {
  tree::replace_keys(secrets_folder(site).get(), text, *parts_.owners);
}

std::optional<tree::fingerprint> host_machine::store_new_password(const std::string& site,
                                                                  const tree::secret& password) {
  const unique_fd folder = secrets_folder(site);
  if (!std::holds_alternative<tree::file_absent>(tree::read_password_file(folder.get(), std::nullopt, *parts_.owners)))
    return std::nullopt;
  return tree::store_password(folder.get(), password, *parts_.owners);
}

std::size_t host_machine::cut_sessions(const std::set<std::uint32_t>& uids) {
  return tree::kill_sessions(parts_.procs, tree::find_sessions(parts_.procs, uids, sshd_), sshd_).size();
}

ledger::time host_machine::wall_now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace heberg::syncd
