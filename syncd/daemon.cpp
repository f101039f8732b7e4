// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/daemon.h"

#include "control/server.h"
#include "directory/reader.h"
#include "service/notify.h"
#include "syncd/accounts/account_manager.h"
#include "syncd/admin.h"
#include "syncd/logs/forwarder.h"
#include "syncd/logs/log_disk.h"
#include "syncd/sftp/sftp_log.h"
#include "syncd/sftp/tree_appender.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace heberg::syncd {

namespace asio = boost::asio;

struct daemon::impl : std::enable_shared_from_this<daemon::impl> {
  impl(asio::io_context& context, const settings& settings, daemon_options opts)
      : io(context),
        config(settings),
        options(std::move(opts)),
        machine(settings, options.parts, [this](hash_result result) { post_hash(std::move(result)); }),
        accounts(settings, machine.access()),
        work_timer(io),
        alive_timer(io),
        inotify(io) {
    options.watch.host = settings.docker.host;
  }

  // On the hasher's thread. The impl outlives that thread: it joins in machine's destructor.
  void post_hash(hash_result result) {
    asio::post(io, [weak = weak_from_this(), result = std::move(result)]() mutable {
      const auto self = weak.lock();
      if (self == nullptr || self->stopped) return;
      self->accounts.passwords().finish_hash(std::move(result));
      self->work();
    });
  }

  // For other threads: their lines are logged on this thread.
  std::function<void(level, std::string_view)> log_here() {
    return [&loop = io, weak = weak_from_this()](level severity, std::string_view text) {
      asio::post(loop, [weak, severity, text = std::string(text)] {
        if (const auto self = weak.lock()) self->machine.log(severity, text);
      });
    };
  }

  // The site of a UID, from the directory that sshd uses too.
  static std::optional<std::string> find_site(const std::string& accounts_path, uid_t owner, std::uint32_t uid) {
    const directory::source from{accounts_path.c_str(), owner, directory::file_kind::accounts};
    directory::record_buffer buffer;
    directory::account_entry entry;
    if (directory::find_account(from, uid, buffer, entry) != directory::status::found) return std::nullopt;
    return std::string(entry.name);
  }

  void log_sftp() {
    const auto path = config.state_dir + "/directory/accounts.cdb";
    sftp_files.emplace(options.parts.owners, config.logs.max_size, *archive);
    sftp.emplace(
        sftp_parts{.find_site = [path, owner = options.parts.directory_owners.owner](
                                    std::uint32_t uid) { return find_site(path, owner, uid); },
                   .files = &*sftp_files,
                   .explain_no_room = [least = config.logs.min_free](int root) { return explain_no_room(root, least); },
                   .log = log_here()});
    machine.log_sftp_to(&*sftp);
  }

  // Also without the forwarder: sftp.log is rotated, too.
  void start_archive() {
    archive = std::make_shared<log_archive>(
        archive_rules{.keep = config.logs.keep,
                      .max_total = config.logs.max_total,
                      .compress = config.logs.compress == "gzip",
                      .sftp_keep_for = std::chrono::duration_cast<std::chrono::seconds>(config.logs.sftp_keep_for),
                      .sftp_max_total = config.logs.sftp_max_total},
        options.parts.owners, log_here());
  }

  void start() {
    start_archive();
    log_sftp();
    accounts.start();
    if (config.logs.enabled)
      logs.emplace(config, forwarder_parts{options.parts.owners, options.parts.trusted_path, log_here(), archive});
    watch_passwords();
    listen_to_admin();
    work();
    guard_network();
    watch_engine();
    keep_alive();
  }

  void guard_network() {
    if (!options.network) return;
    options.network->log = log_here();
    guard.emplace(io, config, *options.network);
    guard->start();
  }

  void tell_guard(const docker::containers& all) {
    if (!guard) return;
    guard->take(list_members(all, [this](const std::string& id) {
      const auto* container = accounts.containers().find(id);
      return container != nullptr ? container->site : std::string();
    }));
  }

  // Where this fails, hebergctl can only read; the accounts work all the same.
  void listen_to_admin() {
    if (options.control_socket.empty()) return;
    const auto folder = options.control_socket.substr(0, options.control_socket.rfind('/'));
    if (!folder.empty()) ::mkdir(folder.c_str(), 0755);  // where this fails, listening reports it
    try {
      control_server.emplace(io, options.control_socket,
                             [this](const control::request& request) { return answer(request); });
    } catch (const std::exception& error) {
      machine.log(level::error, std::string("control socket: ") + error.what());
    }
  }

  void watch_engine() {
    docker::watch_handlers handlers;
    handlers.synced = [this](const docker::containers& all) { take(all); };
    handlers.changed = [this](const docker::containers& all, const docker::container_ids& changed) {
      take_changes(all, changed);
    };
    handlers.lost = [this](std::string_view reason) {
      accounts.lose_engine();
      machine.log(level::warning,
                  "engine: connection lost: " + std::string(reason) + "; the accounts stay as they are");
      engine_is_lost = true;
      work();
    };
    handlers.log = [this](docker::log_level severity, std::string_view message) {
      constexpr level levels[] = {level::debug, level::info, level::warning, level::error};
      machine.log(levels[static_cast<int>(severity)], message);
    };
    engine.emplace(io, options.watch, std::move(handlers));
    engine->start();
  }

  // By its name: the engine gives it to one container, and refuses it to all others while that one is there.
  void find_sshd(const docker::containers& all) {
    tree::sshd_place place{.is_known = true};
    for (const auto& [id, container] : all) {
      if (container.name != tree::k_sshd_container || !container.is_up()) continue;
      place.container = static_cast<pid_t>(container.pid);
      // It could not be inspected: better a process too many than a session of a locked account that is left.
      place.is_known = container.pid != 0;
    }
    machine.use_sshd(place);
  }

  void take(const docker::containers& all) {
    if (stopped) return;
    find_sshd(all);
    if (std::exchange(engine_is_lost, false)) machine.log(level::info, "engine: connected again");
    accounts.take(all);
    tell_guard(all);
    work();
    follow_logs();
  }

  void take_changes(const docker::containers& all, const docker::container_ids& changed) {
    if (stopped) return;
    find_sshd(all);
    accounts.take_changes(all, changed);
    tell_guard(all);
    work();
    follow_logs_of(changed);
  }

  // How the container's log is to be followed. None where its site has no account. A container that cannot be inspected
  // now is followed as before.
  std::optional<followed_container> followed_as(const site::site_container& container) const {
    const auto row = accounts.sites().find(container.site);
    if (row == accounts.sites().end() || row->second.is_retired()) return std::nullopt;
    if (container.inspected) {
      return followed_container{.id = container.container_id,
                                .site = container.site,
                                .group = row->second.uid,
                                .tty = container.tty,
                                .is_up = container.up};
    }
    const auto known = followed.find(container.container_id);
    return known == followed.end() ? std::nullopt : std::optional(known->second);
  }

  // The logs of every site that has an account.
  void follow_logs() {
    if (!logs) return;
    std::map<std::string, followed_container> all;
    for (const auto* container : accounts.containers().ordered()) {
      if (auto wanted = followed_as(*container)) all.emplace(container->container_id, std::move(*wanted));
    }
    if (std::exchange(is_following_logs, true) && all == followed) return;
    followed = std::move(all);
    std::vector<followed_container> list;
    for (const auto& [id, container] : followed) list.push_back(container);
    logs->follow(std::move(list));
  }

  void follow_logs_of(const docker::container_ids& ids) {
    if (!logs) return;
    std::vector<followed_container> changed;
    std::vector<std::string> gone;
    for (const auto& id : ids) {
      const auto* container = accounts.containers().find(id);
      const auto wanted = container != nullptr ? followed_as(*container) : std::nullopt;
      const auto known = followed.find(id);
      if (wanted && (known == followed.end() || known->second != *wanted)) {
        followed.insert_or_assign(id, *wanted);
        changed.push_back(*wanted);
      } else if (!wanted && known != followed.end()) {
        followed.erase(known);
        gone.push_back(id);
      }
    }
    if (!changed.empty() || !gone.empty()) logs->follow_changes(std::move(changed), std::move(gone));
  }

  // Does what is due, notifies systemd, and sets the timer for the next call.
  void work() {
    if (stopped) return;
    const auto accounts_before = accounts.count_accounts();
    const auto next = accounts.work();
    if (!inotify.is_open()) watch_passwords();  // there may be an instance by now
    if (accounts.has_published() && !std::exchange(has_notified_ready, true)) notify_ready();
    notify_status_change();
    // Accounts that came later than their list (account_reconciler queries names for a limited time) have lines
    // waiting.
    if (accounts_before != accounts.count_accounts() && is_following_logs) follow_logs();
    if (!next) return void(work_timer.cancel());
    work_timer.expires_at(*next);
    work_timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->work();
    });
  }

  void notify_status_change() {
    auto text = std::to_string(accounts.count_accounts()) + " accounts, " + std::to_string(accounts.count_refused()) +
                " refused" + (engine_is_lost ? ", the engine does not answer" : "") +
                (accounts.has_failed() ? ", publishing fails" : "");
    if (text == status) return;
    status = std::move(text);
    notify_status(status);
  }

  void watch_passwords() {
    if (machine.watch().fd() < 0) return;
    inotify.assign(::dup(machine.watch().fd()));
    wait_for_passwords();
  }

  void wait_for_passwords() {
    inotify.async_wait(asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](boost::system::error_code error) {
                         if (error || self->stopped) return;
                         const auto changes = self->machine.watch().read();
                         for (const auto& site : changes.sites) self->accounts.passwords().touch(site);
                         if (changes.lost) self->accounts.passwords().touch_all();
                         self->work();
                         self->wait_for_passwords();
                       });
  }

  void keep_alive() {
    const auto interval = watchdog_interval();
    if (!interval) return;
    notify_alive();
    alive_timer.expires_after(*interval);
    alive_timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error && !self->stopped) self->keep_alive();
    });
  }

  control::reply answer(const control::request& request) {
    if (request.verb == "sync") {
      // A new watcher begins with a new list: everything is compared, trees and passwords are visited.
      asio::post(io, [self = shared_from_this()] {
        if (self->stopped) return;
        self->engine->stop();
        self->watch_engine();
      });
      return {control::failure::none, "the containers are listed again"};
    }
    if (request.verb == "rotate") return answer_rotate(request.site);
    auto reply = answer_admin(accounts, machine.access(), request);
    if (request.verb == "status" && guard) add_problems(reply, "network", guard->problems());
    asio::post(io, [self = shared_from_this()] { self->work(); });
    return reply;
  }

  control::reply answer_rotate(const std::string& site) {
    if (!logs) return {control::failure::bad_request, "logs are not forwarded: logs.enabled is false"};
    if (!site.empty() && !accounts.sites().contains(site))
      return {control::failure::no_such_site, "no such site: " + site};
    logs->rotate(site);
    return {control::failure::none, (site.empty() ? "all sites" : site) + ": the logs are rotated"};
  }

  void stop() {
    if (std::exchange(stopped, true)) return;
    notify_stopping();
    if (engine) engine->stop();
    if (guard) guard->stop();
    if (logs) logs->stop();
    control_server.reset();
    machine.log_sftp_to(nullptr);
    sftp.reset();
    work_timer.cancel();
    alive_timer.cancel();
    if (inotify.is_open()) inotify.close();
    if (accounts.has_unpublished()) accounts.flush();
  }

  asio::io_context& io;
  const settings config;
  daemon_options options;
  host_machine machine;
  account_manager accounts;
  std::optional<network_guard> guard;
  std::optional<docker::watcher> engine;
  std::optional<control::server> control_server;
  std::shared_ptr<log_archive> archive;  // from start() on; the two below use it
  std::optional<forwarder> logs;
  std::map<std::string, followed_container> followed;  // by container
  std::optional<tree_appender> sftp_files;
  std::optional<sftp_log> sftp;
  asio::steady_timer work_timer;
  asio::steady_timer alive_timer;
  asio::posix::stream_descriptor inotify;
  std::string status;
  bool engine_is_lost = false;
  bool has_notified_ready = false;
  bool is_following_logs = false;
  bool stopped = false;
};

daemon::daemon(asio::io_context& io, const settings& settings, daemon_options options)
    : impl_(std::make_shared<impl>(io, settings, std::move(options))) {}

daemon::~daemon() {
  impl_->stop();
}

void daemon::start() {
  impl_->start();
}
void daemon::stop() {
  impl_->stop();
}
void daemon::rotate_logs() {
  if (impl_->logs) impl_->logs->rotate("");
}
const account_manager& daemon::state() const {
  return impl_->accounts;
}

}  // namespace heberg::syncd
