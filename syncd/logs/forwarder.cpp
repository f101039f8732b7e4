// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/forwarder.h"

#include "syncd/logs/journal.h"
#include "syncd/logs/journal_sender.h"
#include "syncd/logs/log_disk.h"
#include "syncd/logs/log_store.h"
#include "tree/sites_root.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

namespace heberg::syncd {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

// With what a follower pauses at (192 KB of lines): no container has more than 256 KB here.
constexpr std::size_t k_scratch = 64 << 10;
constexpr std::size_t k_slots = 16;  // answers read at once
constexpr auto k_gather = 50ms;      // lines that come together are written together
constexpr auto k_safe_every = 5s;
constexpr auto k_open_again = 5s;

// Accounts, files and calls must not want for descriptors because many containers have a wake-up connection.
std::size_t default_max_wakeups() {
  constexpr rlim_t k_others = 1024;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return k_others;
  return limit.rlim_cur > 2 * k_others ? limit.rlim_cur - k_others : limit.rlim_cur / 2;
}

}  // namespace

struct forwarder::impl final : follower_host {
  impl(const settings& s, forwarder_parts p)
      : config(s),
        parts(std::move(p)),
        where(docker::parse_endpoint(s.docker.host)),
        shared_scratch(std::make_shared<docker::log_scratch>(k_scratch)),
        rotator(*parts.archive),
        max_wakeups(parts.max_wakeups.value_or(default_max_wakeups())),
        flush_timer(context),
        safe_timer(context),
        open_timer(context) {
    thread = std::thread([this] { context.run(); });
    asio::post(context, [this] { open(); });
  }

  // ---- follower_host ----
  asio::io_context& io() override { return context; }
  const docker::endpoint& engine() override { return where; }
  std::shared_ptr<docker::log_scratch> scratch() override { return shared_scratch; }
  void log(level severity, std::string_view text) override { parts.log(severity, text); }

  void request_slot(const std::string& container) override {
    slot_queue.push_back(container);
    grant_slots();
  }
  void release_slot() override {
    --slots_used;
    grant_slots();
  }

  bool acquire_wakeup() override {
    if (wakeups < max_wakeups) return ++wakeups, true;
    if (!std::exchange(has_warned_of_wakeups, true)) {
      parts.log(level::warning,
                "logs: more than " + std::to_string(max_wakeups) +
                    " containers: the limit of open files is too low to follow all of them; the logs of the others are "
                    "up to 5 s "
                    "late, and their final lines are lost when a container is removed; raise LimitNOFILE=");
    }
    return false;
  }
  void release_wakeup() override { --wakeups; }

  // Posted: a follower requests and releases in the middle of its own work.
  void grant_slots() {
    if (std::exchange(is_granting, true)) return;
    asio::post(context, [this] {
      is_granting = false;
      while (slots_used < k_slots && !slot_queue.empty()) {
        const auto found = followers.find(slot_queue.front());
        slot_queue.pop_front();
        if (found == followers.end()) continue;
        ++slots_used;
        found->second->grant_slot();
      }
    });
  }

  void request_write(const std::string& container, write_urgency how) override {
    waiting.insert(container);
    flush_at(steady::now() + (how == write_urgency::urgent ? steady::duration(0) : k_gather));
  }

  // ---- the store ----

  // Without a sound root, or a database, nothing is read: what the engine has is there later, too.
  void open() {
    if (stopped) return;
    try {
      if (const auto problem = open_root(); !problem.empty()) return open_later(problem);
      ::mkdir(config.state_dir.c_str(), 0755);
      database.emplace(config.state_dir + "/logs.db", logs::read_boot_id());
      log_store_parts store_parts{
          .opener = {root->get(), parts.owners.get(), &disk},
          .rotator = &rotator,
          .max_size = config.logs.max_size,
          .log = [this](level severity, std::string_view text) { parts.log(severity, text); },
          .explain_no_room = [this] { return explain_no_room(root->get(), config.logs.min_free); }};
      if (std::ranges::find(config.logs.also, "journald") != config.logs.also.end()) {
        if (!journal) journal.emplace(send_to_journal, parts.log);
        store_parts.written = [this](const log_source& from, docker::log_stream stream, std::string_view lines) {
          journal->push(from.site, stream, lines);
        };
      }
      store.emplace(*database, std::move(store_parts));
    } catch (const std::exception& error) {
      store.reset();
      database.reset();
      return open_later(error.what());
    }
    if (!std::exchange(reported_problem, {}).empty()) parts.log(level::info, "logs: forwarding resumed");
    make_safe_later();
    if (!wanted) return;
    std::vector<followed_container> all;
    for (auto& [id, container] : *wanted) all.push_back(std::move(container));
    wanted.reset();
    take(std::move(all));
  }

  void open_later(const std::string& problem) {
    if (problem != reported_problem) parts.log(level::error, "logs: not forwarded: " + problem);
    reported_problem = problem;
    open_timer.expires_after(k_open_again);
    open_timer.async_wait([this](boost::system::error_code error) {
      if (!error) open();
    });
  }

  std::string open_root() {
    auto opened = tree::open_sites_root(config.sites.root, *parts.owners, tree::make_root::no, parts.trusted_path);
    if (const auto* problem = std::get_if<tree::root_problem>(&opened)) return problem->reason;
    root = std::get<tree::shared_fd>(opened);
    return {};
  }

  void flush_at(steady::time_point when) {
    if (stopped || (flush_due && *flush_due <= when)) return;
    flush_due = when;
    flush_timer.expires_at(when);
    flush_timer.async_wait([this](boost::system::error_code error) {
      if (error || stopped) return;
      flush_due.reset();
      flush();
    });
  }

  void flush() {
    if (const auto problem = open_root(); !problem.empty()) {
      if (problem != reported_problem) parts.log(level::error, "logs: not written: " + problem);
      reported_problem = problem;
      return flush_at(steady::now() + 1s);
    }
    reported_problem.clear();
    store->use_root(root->get());
    std::vector<log_source*> sources;
    for (const auto& id : waiting) {
      const auto found = followers.find(id);
      if (found != followers.end() && !found->second->source().is_empty()) sources.push_back(&found->second->source());
    }
    const auto again = store->flush(sources);
    for (const auto& id : std::exchange(waiting, {})) {
      const auto found = followers.find(id);
      if (found == followers.end()) continue;
      auto& follower = *found->second;
      follower.resume();
      if (!follower.source().is_empty()) {
        waiting.insert(id);
      } else if (follower.is_done()) {
        followers.erase(found);
        store->forget(id);
      }
    }
    if (again) flush_at(*again);
  }

  void make_safe_later() {
    safe_timer.expires_after(k_safe_every);
    safe_timer.async_wait([this](boost::system::error_code error) {
      if (error || stopped) return;
      if (store->has_unsafe()) store->make_safe();
      make_safe_later();
    });
  }

  // ---- calls of the daemon ----

  void take(std::vector<followed_container> all) {
    if (stopped) return;
    if (!store) {
      wanted.emplace();
      for (auto& container : all) (*wanted)[container.id] = std::move(container);
      return;
    }
    std::set<std::string> ids;
    for (const auto& container : all) {
      ids.insert(container.id);
      follow(container);
    }
    for (const auto& [id, follower] : followers) {
      if (!ids.contains(id)) leave(id, *follower);
    }
    if (!std::exchange(is_first_list, false)) return;
    store->forget_all_but(ids);
    // What a run that was interrupted has left to do.
    for (const auto& [id, follower] : followers) parts.archive->push(root->get(), follower->source().site);
  }

  void take_changes(std::vector<followed_container> changed, const std::vector<std::string>& gone) {
    if (stopped) return;
    if (!store) {
      if (!wanted) wanted.emplace();
      for (const auto& id : gone) wanted->erase(id);
      for (auto& container : changed) (*wanted)[container.id] = std::move(container);
      return;
    }
    for (const auto& container : changed) follow(container);
    for (const auto& id : gone) {
      if (const auto found = followers.find(id); found != followers.end()) leave(id, *found->second);
    }
  }

  void follow(const followed_container& container) {
    const auto found = followers.find(container.id);
    if (found != followers.end()) return found->second->update(container);
    log_source source;
    source.id = container.id;
    source.site = container.site;
    source.group = container.group;
    const bool known = store->restore(source);
    followers.emplace(container.id, std::make_unique<log_follower>(*this, container, std::move(source), known));
  }

  void leave(const std::string& id, log_follower& follower) {
    follower.leave();
    request_write(id, write_urgency::normal);  // it may be done already
  }

  void rotate(const std::string& site) {
    if (!store || stopped || !open_root().empty()) return;
    store->use_root(root->get());
    std::map<std::string, std::uint32_t> sites;
    for (const auto& [id, follower] : followers) {
      const auto& source = follower->source();
      if (site.empty() || source.site == site) sites[source.site] = source.group;
    }
    for (const auto& [name, group] : sites) store->rotate(name, group);
  }

  void end() {
    stopped = true;
    if (store && open_root().empty()) {
      store->use_root(root->get());
      std::vector<log_source*> sources;
      for (const auto& [id, follower] : followers) sources.push_back(&follower->source());
      try {
        store->flush(sources);
        store->finish();
      } catch (const std::exception& error) {
        parts.log(level::error, std::string("logs: ") + error.what());
      }
    }
    followers.clear();
    flush_timer.cancel();
    safe_timer.cancel();
    open_timer.cancel();
    work.reset();
  }

  const settings config;
  const forwarder_parts parts;
  const docker::endpoint where;
  log_disk disk;
  asio::io_context context{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work{context.get_executor()};
  std::shared_ptr<docker::log_scratch> shared_scratch;
  tree::shared_fd root;
  const log_rotator rotator;
  std::optional<journal_sender> journal;
  std::optional<logs::positions> database;
  std::optional<log_store> store;
  std::map<std::string, std::unique_ptr<log_follower>> followers;   // by container
  std::optional<std::map<std::string, followed_container>> wanted;  // by container, until the store is open
  std::deque<std::string> slot_queue;
  std::set<std::string> waiting;  // containers whose lines are to be written, or that are done
  std::size_t slots_used = 0;
  std::size_t wakeups = 0;
  const std::size_t max_wakeups;
  bool has_warned_of_wakeups = false;
  asio::steady_timer flush_timer;
  asio::steady_timer safe_timer;
  asio::steady_timer open_timer;
  std::optional<steady::time_point> flush_due;
  std::string reported_problem;
  bool is_granting = false;
  bool is_first_list = true;
  bool stopped = false;
  std::thread thread;
};

forwarder::forwarder(const settings& settings, forwarder_parts parts)
    : impl_(std::make_unique<impl>(settings, std::move(parts))) {}

forwarder::~forwarder() {
  stop();
}

void forwarder::follow(std::vector<followed_container> all) {
  asio::post(impl_->context, [i = impl_.get(), all = std::move(all)]() mutable { i->take(std::move(all)); });
}

void forwarder::follow_changes(std::vector<followed_container> changed, std::vector<std::string> gone) {
  asio::post(impl_->context, [i = impl_.get(), changed = std::move(changed), gone = std::move(gone)]() mutable {
    i->take_changes(std::move(changed), gone);
  });
}

void forwarder::rotate(std::string site) {
  asio::post(impl_->context, [i = impl_.get(), site = std::move(site)] { i->rotate(site); });
}

void forwarder::stop() {
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->context, [i = impl_.get()] { i->end(); });
  impl_->thread.join();
}

}  // namespace heberg::syncd
