// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/daemon.h"

#include "program/log.h"
#include "proxy-render/complaints_log.h"
#include "proxy-render/files/gift_key.h"
#include "proxy-render/folder_watch.h"
#include "proxy-render/plan/planner.h"
#include "proxy-render/publish/flap_damper.h"
#include "proxy-render/publish/publish_times.h"
#include "proxy-render/status.h"
#include "service/notify.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <csignal>
#include <exception>
#include <iterator>
#include <stdexcept>

namespace heberg::proxy {
namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds k_retry_delay{5};    // after a write or a reload that failed
constexpr std::chrono::seconds k_start_delay{2};    // for an nginx that does not run
constexpr std::chrono::seconds k_once_patience{5};  // with another program that writes the memory

level level_of(docker::log_level from) {
  switch (from) {
    case docker::log_level::error:
      return level::error;
    case docker::log_level::warning:
      return level::warning;
    case docker::log_level::info:
      return level::info;
    case docker::log_level::debug:
      break;
  }
  return level::debug;
}

memory load_memory(memory_file& kept) {
  auto read = kept.load();
  if (!read.complaint.empty()) {
    log(read.damaged ? level::warning : level::info,
        read.complaint + ": host names go to the oldest containers that request them");
  }
  return std::move(read.remembered);
}

// False: another program has written the file, and that version counts. A memory that could not be saved is saved after
// the next publication.
bool save_memory(memory_file& kept, memory& memory, error_log& errors, std::chrono::seconds patience = {}) {
  try {
    const bool is_ours = kept.save(memory, patience);
    errors.report("");
    return is_ours;
  } catch (const std::exception& error) {
    errors.report(std::string("the owners of the host names were not saved: ") + error.what());
    return true;
  }
}

void write_hosts_file(const std::string& path, const plan& plan) {
  if (path.empty()) return;
  try {
    replace_file(path, render_hosts_file(plan));
  } catch (const std::exception& error) {
    log(level::error, std::string("the hosts file: ") + error.what());
  }
}

std::chrono::sys_seconds today() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

class daemon {
 public:
  daemon(const daemon_options& options, publisher& publisher, memory_file& kept)
      : options_(options),
        publisher_(publisher),
        kept_(kept),
        plan_options_(options.plan),
        signals_(io_, SIGTERM, SIGINT, SIGHUP),
        wake_(io_),
        files_watch_(io_,
                     {options.folders.certs, options.folders.vhost_d, options.folders.htpasswd, options.folders.conf_d,
                      options.folders.errors},
                     [this] { take_files(); }),
        certificates_timer_(io_),
        watcher_(io_, options.watch, handlers()) {}

  int run() {
    publisher_.doubt_what_is_served();
    asio::co_spawn(io_, publish_plans(),
                   asio::bind_cancellation_slot(end_.slot(), [this](std::exception_ptr error) { note_end(error); }));
    wait_for_signal();
    if (const auto& why = files_watch_.complaint(); !why.empty())
      log(level::warning,
          why + (files_watch_.is_polling() ? ": the folders are looked through every 2 s until that works"
                                           : ": changes of files there are seen on SIGHUP only"));
    check_certificates();
    watcher_.start();
    io_.run();
    return failed_ ? 1 : 0;
  }

 private:
  docker::watch_handlers handlers() {
    return {.synced =
                [this](const docker::containers& all) {
                  is_lost_ = false;
                  planner_.forget_all();
                  take(all);
                },
            .changed =
                [this](const docker::containers& all, const docker::container_ids& changed) {
                  planner_.forget(changed);
                  take(all);
                },
            .lost =
                [this](std::string_view reason) {
                  is_lost_ = true;
                  log(level::warning,
                      "the engine cannot be reached, nginx keeps its configuration: " + std::string(reason));
                  report_ready();
                },
            .log = [](docker::log_level at, std::string_view message) { log(level_of(at), message); }};
  }

  void take(const docker::containers& all) {
    containers_ = &all;
    if (std::exchange(files_changed_, false)) read_files();
    if (!knows_files_) return;
    // hebergctl makes it with the first gift, perhaps after this daemon's start.
    if (plan_options_.gift_key.empty()) {
      plan_options_.gift_key = read_gift_key(options_.gift_key_file);
      if (!plan_options_.gift_key.empty()) planner_.forget_all();
    }
    if (kept_.was_replaced()) {
      memory_ = load_memory(kept_);
      planner_.forget_all();
    }
    plan_ = std::make_shared<const plan>(planner_.update(all, plan_options_, memory_, today()));
    complaints_.log_new(*plan_);
    if (std::exchange(nginx_started_, find_start_of_nginx(all)) != nginx_started_) publisher_.doubt_what_is_served();
    schedule_.note_change(clock::now());
    if (loses_address(published_, plan_->vhosts)) schedule_.note_urgent_change(clock::now());
    wake_.cancel();
  }

  // Of its container, where it has one: when it was started the last time, it answers 503 until it is reloaded.
  [[nodiscard]] std::chrono::sys_time<std::chrono::nanoseconds> find_start_of_nginx(
      const docker::containers& all) const {
    const auto& name = options_.plan.location.container;
    const auto found = std::ranges::find_if(
        all, [&](const auto& one) { return !name.empty() && (one.second.name == name || one.first == name); });
    return found == all.end() ? decltype(found->second.started){} : found->second.started;
  }

  // What was known before the engine went may not be so any more when it is back: no plan of before is to be confirmed
  // to an nginx that was started, or closed, meanwhile.
  [[nodiscard]] bool must_wait_for_engine() const {
    return is_lost_ && (options_.reloads_through_engine || publisher_.is_closed());
  }

  // The plan with those hosts held that change too often.
  asio::awaitable<std::shared_ptr<const plan>> hold_restless(std::shared_ptr<const plan> wanted) {
    bool is_crowded = false;
    if (options_.count_workers && damper_.has_restless(clock::now())) {
      const auto workers = co_await options_.count_workers();
      is_crowded = workers && workers->generations() + 1 >= options_.max_generations;
    }
    auto settled = damper_.settle(wanted->vhosts, is_crowded, clock::now());
    for (const auto& owner : settled.held) {
      log(level::warning, "the host names of " + site::printable(owner) +
                              " change too often while nginx has old workers: for a while they stay as they are, or "
                              "answer 503 where their address has changed");
    }
    auto made = std::make_shared<plan>(*wanted);
    made->vhosts = std::move(settled.vhosts);
    co_return made;
  }

  // Where a folder cannot be read, the files as they were read last stay in use. Where none was read yet, nothing is
  // published: a file may restrict access. The folders are read again at each event of the engine, once a minute at the
  // latest.
  void read_files() {
    try {
      planner_.forget_all();
      const auto unread = read_folders(options_.folders, plan_options_);
      knows_files_ = true;
      files_changed_ = !unread.empty();
      files_errors_.report(unread);
    } catch (const std::exception& error) {
      files_changed_ = true;
      files_errors_.report(std::string("the sysadmin's files: ") + error.what() +
                           (knows_files_ ? ": the files as they were read last stay in use"
                                         : ": nothing is published until they can be read"));
    }
  }

  // Each day.
  void check_certificates() {
    for (const auto& text : explain_ends(list_ends(options_.folders.certs), today())) log(level::warning, text);
    certificates_timer_.expires_after(std::chrono::hours(24));
    certificates_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) check_certificates();
    });
  }

  void take_files() {
    files_changed_ = true;
    if (containers_ != nullptr) take(*containers_);
  }

  asio::awaitable<void> publish_plans() {
    while (!ending_) {
      const auto due = plan_ ? schedule_.due() : std::nullopt;
      if (!due || *due > clock::now()) {
        wake_.expires_at(due.value_or(clock::time_point::max()));
        co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
        continue;
      }
      schedule_.take_changes();
      if (must_wait_for_engine()) continue;
      const bool force = std::exchange(force_, false);
      const std::shared_ptr<const plan> settled = co_await hold_restless(plan_);
      const bool is_urgent = loses_address(published_, settled->vhosts);
      published_ = settled->vhosts;
      const auto what = co_await publisher_.publish(
          settled, force, [this] { return schedule_.due().has_value(); }, is_urgent);
      if (const auto release = damper_.next_release(clock::now())) schedule_.note_change(*release);
      if (what == publish_status::files_changed) take_files();
      if (what == publish_status::published) schedule_.note_success(clock::now());
      if (what == publish_status::not_reloaded) schedule_.note_change(clock::now() + k_start_delay);
      if (what == publish_status::failed) schedule_.note_change(clock::now() + k_retry_delay);
      if (!save_memory(kept_, memory_, memory_errors_)) take(*containers_);
      write_hosts_file(options_.hosts_file, *plan_);
      report_ready();
    }
  }

  void report_ready() {
    if (!std::exchange(ready_, true)) notify_ready();
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      if (number != SIGHUP) return end();
      force_ = true;
      take_files();
      wait_for_signal();
    });
  }

  void end() {
    notify_stopping();
    ending_ = true;
    watcher_.stop();
    files_watch_.stop();
    certificates_timer_.cancel();
    end_.emit(asio::cancellation_type::terminal);  // a running nginx -t is killed; nothing is half in place
    wake_.cancel();
  }

  void note_end(const std::exception_ptr& error) {
    if (ending_ || !error) return;
    failed_ = true;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& what) {
      log(level::error, std::string("stopped by an error: ") + what.what());
    }
    end();
    signals_.cancel();
  }

  const daemon_options& options_;
  publisher& publisher_;
  memory_file& kept_;
  plan_options plan_options_;
  asio::io_context io_{1};
  asio::signal_set signals_;
  asio::steady_timer wake_;
  asio::cancellation_signal end_;
  folder_watch files_watch_;
  asio::steady_timer certificates_timer_;
  docker::watcher watcher_;

  memory memory_;
  planner planner_;
  const docker::containers* containers_ = nullptr;  // the watcher's own, since its first call
  std::shared_ptr<const plan> plan_;
  complaints_log complaints_;
  error_log files_errors_;
  error_log memory_errors_;
  debounce schedule_{k_publish_times};
  flap_damper damper_;
  vhost_list published_;
  std::chrono::sys_time<std::chrono::nanoseconds> nginx_started_;
  bool is_lost_ = false;
  bool files_changed_ = true;
  bool knows_files_ = false;
  bool force_ = false;
  bool ending_ = false;
  bool ready_ = false;
  bool failed_ = false;
};

publish_status publish_and_wait(publisher& publisher, const std::shared_ptr<const plan>& plan) {
  asio::io_context io{1};
  auto result = publish_status::failed;
  std::exception_ptr broken;
  asio::co_spawn(io, publisher.publish(plan, false), [&result, &broken](std::exception_ptr error, publish_status what) {
    broken = std::move(error);
    result = what;
  });
  io.run();
  if (broken) std::rethrow_exception(broken);
  return result;
}

}  // namespace

std::string read_folders(const sysadmin_folders& folders, plan_options& to) {
  std::string unread;
  auto vhost_d = list_host_files(folders.vhost_d);
  to.htpasswd = list_host_files(folders.htpasswd, read_by::workers);
  to.vhost_d = std::move(vhost_d);
  const auto read = [&unread](std::string_view what, const auto& list) {
    try {
      list();
    } catch (const std::exception& error) {
      unread.append(unread.empty() ? "" : "; ").append(what).append(": ").append(error.what());
    }
  };
  read("the certificates", [&] { to.certificates = list_certificates(folders.certs); });
  read("conf.d", [&] {
    to.conf_d = list_plain_files(folders.conf_d);
    to.preamble_text = read_file(to.conf_d, k_preamble_file);
  });
  read("the error page", [&] { to.errors = list_plain_files(folders.errors, read_by::workers); });
  return unread;
}

int run_once(const daemon_options& options, publisher& publisher, memory_file& kept) {
  const auto containers = docker::fetch_containers(options.watch);
  auto memory = load_memory(kept);
  auto with = options.plan;
  with.gift_key = read_gift_key(options.gift_key_file);
  complaints_log complaints;
  auto result = publish_status::files_changed;
  while (result == publish_status::files_changed) {
    if (const auto unread = read_folders(options.folders, with); !unread.empty()) log(level::error, unread);
    const auto now = std::make_shared<const plan>(make_plan(containers, with, memory, today()));
    complaints.log_new(*now);
    write_hosts_file(options.hosts_file, *now);
    result = publish_and_wait(publisher, now);
  }
  error_log errors;
  if (!save_memory(kept, memory, errors, k_once_patience))
    log(level::warning, kept.path() + " was changed by another program meanwhile: that version counts");
  return result == publish_status::kept || result == publish_status::failed ? 1 : 0;
}

int run_daemon(const daemon_options& options, publisher& publisher, memory_file& kept) {
  return daemon(options, publisher, kept).run();
}

void check_hosts_file(const std::string& path) {
  if (path.empty()) return;
  const auto text = output_file(path).read();
  if (text && !text->empty() && !text->starts_with(k_hosts_notice)) {
    throw std::invalid_argument("--hosts " + path +
                                ": the file exists and was not written by heberg-proxy-render: choose another one");
  }
}

}  // namespace heberg::proxy
