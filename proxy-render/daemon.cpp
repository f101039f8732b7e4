// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/daemon.h"

#include "program/log.h"
#include "proxy-render/folder_watch.h"
#include "proxy-render/plan/planner.h"
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

constexpr std::chrono::seconds k_try_again{5};      // after a write or a reload that failed
constexpr std::chrono::seconds k_look_again{2};     // for an nginx that does not run
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

std::string describe(const complaint& about) {
  std::string text = "container " + about.container + ": ";
  if (!about.variable.empty()) text += about.variable + " \"" + about.value + "\" ";
  return text + about.reason;
}

std::string describe(const file_fault& about) {
  return about.path + " " + about.reason;
}

// Each complaint is said when it comes up, not at every event.
class complaints_log {
 public:
  void say_new(const plan& plan) {
    say_new(plan.refused, refused_, " (refused)");
    say_new(plan.unreachable, unreachable_, " (its names answer 502)");
    say_new(plan.broken_files, broken_files_, "");
  }

 private:
  template <class trouble>
  static void say_new(const std::vector<trouble>& now, std::vector<trouble>& said, std::string_view consequence) {
    std::vector<trouble> fresh;
    std::ranges::set_difference(now, said, std::back_inserter(fresh));
    for (const auto& about : fresh) log(level::warning, describe(about).append(consequence));
    said = now;
  }

  std::vector<complaint> refused_;
  std::vector<complaint> unreachable_;
  std::vector<file_fault> broken_files_;
};

memory load_memory(memory_file& kept) {
  auto read = kept.load();
  if (!read.complaint.empty()) {
    log(read.damaged ? level::warning : level::info,
        read.complaint + ": names belong to the oldest container that claims them");
  }
  return std::move(read.remembered);
}

// What goes wrong again and again is said once, until it goes well.
class trouble_log {
 public:
  // Empty: it went well.
  void say(const std::string& text) {
    if (std::exchange(said_, text) != text && !text.empty()) log(level::error, text);
  }

 private:
  std::string said_;
};

// False: the file says something else by now, and its word stands. What is not kept is, after the next publication.
bool keep_memory(memory_file& kept, memory& memory, trouble_log& trouble, std::chrono::seconds patience = {}) {
  try {
    const bool is_ours = kept.keep(memory, patience);
    trouble.say("");
    return is_ours;
  } catch (const std::exception& error) {
    trouble.say(std::string("whose names are whose is not kept: ") + error.what());
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
    asio::co_spawn(io_, publish_for_ever(),
                   asio::bind_cancellation_slot(end_.slot(), [this](std::exception_ptr error) { note_end(error); }));
    wait_for_signal();
    if (const auto& why = files_watch_.complaint(); !why.empty())
      log(level::warning, why + ": what changes there is seen on SIGHUP alone");
    look_at_certificates();
    watcher_.start();
    io_.run();
    return failed_ ? 1 : 0;
  }

 private:
  docker::watch_handlers handlers() {
    return {.synced =
                [this](const docker::containers& all) {
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
                  log(level::warning, "the engine cannot be reached, what is served stays: " + std::string(reason));
                  say_ready();
                },
            .log = [](docker::log_level at, std::string_view message) { log(level_of(at), message); }};
  }

  void take(const docker::containers& all) {
    containers_ = &all;
    if (std::exchange(files_are_news_, false)) read_files();
    if (!knows_files_) return;
    if (kept_.is_news()) {
      memory_ = load_memory(kept_);
      planner_.forget_all();
    }
    plan_ = std::make_shared<const plan>(planner_.update(all, plan_options_, memory_, today()));
    complaints_.say_new(*plan_);
    schedule_.note_change(clock::now());
    wake_.cancel();
  }

  // What was known stays known where a folder cannot be read. Where nothing is known yet, nothing is published: what is
  // there may keep somebody out. It is tried again whenever the engine tells something, once a minute at the latest.
  void read_files() {
    try {
      planner_.forget_all();
      const auto unread = read_folders(options_.folders, plan_options_);
      knows_files_ = true;
      files_are_news_ = !unread.empty();
      files_trouble_.say(unread);
    } catch (const std::exception& error) {
      files_are_news_ = true;
      files_trouble_.say(
          std::string("the sysadmin's files: ") + error.what() +
          (knows_files_ ? ": what was there before counts" : ": nothing is published until they can be read"));
    }
  }

  // Each day.
  void look_at_certificates() {
    for (const auto& text : explain_ends(list_ends(options_.folders.certs), today())) log(level::warning, text);
    certificates_timer_.expires_after(std::chrono::hours(24));
    certificates_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) look_at_certificates();
    });
  }

  void take_files() {
    files_are_news_ = true;
    if (containers_ != nullptr) take(*containers_);
  }

  asio::awaitable<void> publish_for_ever() {
    while (!ending_) {
      const auto due = plan_ ? schedule_.due() : std::nullopt;
      if (!due || *due > clock::now()) {
        wake_.expires_at(due.value_or(clock::time_point::max()));
        co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
        continue;
      }
      schedule_.take_changes();
      const bool insist = std::exchange(insist_, false);
      const auto what = co_await publisher_.publish(plan_, insist, [this] { return schedule_.due().has_value(); });
      if (what == outcome::published) schedule_.note_success(clock::now());
      if (what == outcome::untold) schedule_.note_change(clock::now() + k_look_again);
      if (what == outcome::failed) schedule_.note_change(clock::now() + k_try_again);
      if (!keep_memory(kept_, memory_, memory_trouble_)) take(*containers_);
      write_hosts_file(options_.hosts_file, *plan_);
      say_ready();
    }
  }

  void say_ready() {
    if (!std::exchange(ready_, true)) notify_ready();
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      if (number != SIGHUP) return end();
      insist_ = true;
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
    end_.emit(asio::cancellation_type::terminal);  // an nginx -t under way is ended; nothing is half in place
    wake_.cancel();
  }

  void note_end(const std::exception_ptr& error) {
    if (ending_ || !error) return;
    failed_ = true;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& what) {
      log(level::error, std::string("ended by an error: ") + what.what());
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
  const docker::containers* containers_ = nullptr;  // the watcher's own, since it told first
  std::shared_ptr<const plan> plan_;
  complaints_log complaints_;
  trouble_log files_trouble_;
  trouble_log memory_trouble_;
  debounce schedule_{k_publish_times};
  bool files_are_news_ = true;
  bool knows_files_ = false;
  bool insist_ = false;
  bool ending_ = false;
  bool ready_ = false;
  bool failed_ = false;
};

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
    to.frame_text = read_file(to.conf_d, k_frame_file);
  });
  read("the error page", [&] { to.errors = list_plain_files(folders.errors, read_by::workers); });
  return unread;
}

int run_once(const daemon_options& options, publisher& publisher, memory_file& kept) {
  const auto containers = docker::fetch_containers(options.watch);
  auto memory = load_memory(kept);
  auto with = options.plan;
  if (const auto unread = read_folders(options.folders, with); !unread.empty()) log(level::error, unread);
  const auto now = std::make_shared<const plan>(make_plan(containers, with, memory, today()));
  complaints_log().say_new(*now);
  write_hosts_file(options.hosts_file, *now);

  asio::io_context io{1};
  auto result = outcome::failed;
  std::exception_ptr broken;
  asio::co_spawn(io, publisher.publish(now, false), [&result, &broken](std::exception_ptr error, outcome what) {
    broken = error;
    result = what;
  });
  io.run();
  if (broken) std::rethrow_exception(broken);
  trouble_log trouble;
  if (!keep_memory(kept, memory, trouble, k_once_patience))
    log(level::warning, kept.path() + " was changed meanwhile: its word stands from now on");
  return result == outcome::kept || result == outcome::failed ? 1 : 0;
}

int run_daemon(const daemon_options& options, publisher& publisher, memory_file& kept) {
  return daemon(options, publisher, kept).run();
}

void check_hosts_file(const std::string& path) {
  if (path.empty()) return;
  const auto text = output_file(path).read();
  if (text && !text->empty() && !text->starts_with(k_hosts_notice)) {
    throw std::invalid_argument("--hosts " + path + ": that file is there and was not written by heberg-proxy-render");
  }
}

}  // namespace heberg::proxy
