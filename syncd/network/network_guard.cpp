// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/network/network_guard.h"

#include "docker/container.h"
#include "process/run_program_async.h"
#include "syncd/network/address_quarantine.h"
#include "syncd/network/guard_rules.h"
#include "syncd/network/host_links.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

namespace heberg::syncd {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto k_poll = 1s;          // for rules that others have changed
constexpr auto k_nft_limit = 20s;    // nft takes milliseconds
constexpr int k_polls_to_retry = 5;  // after a failure
constexpr char k_network[] = "the network";

// As Docker finds it for a container on the host's network, or on the host itself.
constexpr const char* k_resolv_confs[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};

std::string read_text(const char* path) {
  constexpr std::size_t k_most = 64 << 10;
  std::ifstream file(path);
  std::string text(k_most, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::vector<std::string> read_resolvers() {
  std::string text;
  for (const auto* path : k_resolv_confs) text += read_text(path) + "\n";
  return list_resolvers(text);
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, std::min(text.find('\n'), std::size_t{200})));
}

}  // namespace

std::vector<network_member> list_members(const docker::containers& all,
                                         const std::function<std::string(const std::string&)>& site_of) {
  std::vector<network_member> members;
  for (const auto& [id, container] : all) {
    if (!container.is_up()) continue;
    auto site = site_of(id);
    const auto* hosts = docker::find_environment(container, "VIRTUAL_HOST");
    const bool wants_one = (hosts != nullptr && !hosts->empty()) ||
                           docker::find_label(container, "heberg.site") != nullptr || !container.inspected;
    if (site.empty() && wants_one) site = "container " + id;
    members.push_back({.id = id,
                       .name = container.name,
                       .site = std::move(site),
                       .pid = container.pid,
                       .host_network = container.host_network,
                       .network_of = container.network_of,
                       .networks = container.networks});
  }
  return members;
}

struct network_guard::impl : std::enable_shared_from_this<network_guard::impl> {
  impl(asio::io_context& context, const settings& settings, guard_parts with)
      : io(context), is_on(settings.network.guard), parts(std::move(with)), poll_timer(io), changes(io) {
    options.ports = list_open_ports(settings);
  }

  void start() {
    try {
      network.emplace();
      changes.assign(::dup(network->changes_fd()));
    } catch (const std::exception& error) {
      return report_failure(error.what());
    }
    if (is_on) {
      wait_for_changes();
      poll();
    } else {
      parts.log(level::warning, "network.guard is false: sites are not isolated from one another on the network");
    }
    refresh();
  }

  void stop() {
    stopped = true;
    poll_timer.cancel();
    if (changes.is_open()) changes.close();
  }

  void wait_for_changes() {
    changes.async_wait(asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](boost::system::error_code error) {
                         if (error || self->stopped) return;
                         self->network->forget_changes();
                         self->refresh();
                         self->wait_for_changes();
                       });
  }

  void poll() {
    poll_timer.expires_after(k_poll);
    poll_timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error || self->stopped) return;
      self->check();
      self->poll();
    });
  }

  // What no event reports: rules that another program has changed, a port that was not found a moment ago, a failure.
  void check() {
    if (is_running) return;
    report_unguarded();
    if (!failure.empty()) {
      if (++polls_since_failure >= k_polls_to_retry) refresh();
      return;
    }
    const bool is_changed = network->rules_generation() != generation;
    if (is_changed) loaded.clear();
    if (is_changed || !plan.unguarded.empty() || quarantine.is_holding()) refresh();
  }

  void refresh() {
    if (!network || stopped || !knows_containers()) return;
    must_run_again = is_running;
    if (std::exchange(is_running, true)) return;
    asio::co_spawn(io, run(), [self = shared_from_this()](const std::exception_ptr& error) {
      self->is_running = false;
      if (!error) return;
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& what) {
        self->report_failure(what.what());
      }
    });
  }

  // Until the engine was listed the rules stay as the last heberg-syncd has left them.
  [[nodiscard]] bool knows_containers() const { return !is_on || members.has_value(); }

  asio::awaitable<void> run() {
    const auto self = shared_from_this();
    do {
      must_run_again = false;
      const auto text = is_on ? make_rules() : render_no_guard();
      if (text != loaded) co_await load(text);
    } while (must_run_again && !stopped);
  }

  std::string make_rules() {
    const auto links = network->list_links();
    auto located = *members;
    quarantine.hold_back(located, std::chrono::steady_clock::now());
    for (auto& member : located)
      member.network_namespace = member.pid == 0 ? std::nullopt : network->find_namespace(member.pid);
    plan = plan_guard(located, links);
    for (const auto& link : links) {
      // Once each: the kernel reports the change as one of the interface, which brings us here again.
      if (plan.guarded_bridges.contains(link.name) && !quiet_bridges.contains(link.index)) {
        network->set_no_linklocal_learn(link.index);
        quiet_bridges.insert(link.index);
      }
    }
    options.resolvers = read_resolvers();
    return render_guard(plan, options);
  }

  asio::awaitable<void> load(std::string text) {
    const auto folder = parts.rules_file.substr(0, parts.rules_file.rfind('/'));
    ::mkdir(folder.c_str(), 0755);  // where this fails, writing reports it
    write_rules(text);
    std::vector<std::string> command = {parts.nft, "-f", parts.rules_file};
    auto result = co_await run_program_async(std::move(command), k_nft_limit);
    if (!result.has_succeeded() && options.has_bridge_names && result.output.find("ibrname") != std::string::npos) {
      options.has_bridge_names = false;
      parts.log(level::info,
                "the kernel lacks nft_meta_bridge: a new container's port is closed once heberg-syncd sees it, not "
                "from the start");
      must_run_again = true;
      co_return;
    }
    if (!result.has_succeeded()) {
      report_failure(result.kind == program_result::kind::not_found
                         ? "there is no program nft: install the package nftables"
                         : "nft -f " + parts.rules_file + " " + describe(result) + ": " + first_line(result.output));
      co_return;
    }
    loaded = std::move(text);
    generation = network->rules_generation();
    polls_since_failure = 0;
    if (!std::exchange(failure, {}).empty() || !std::exchange(has_loaded, true)) {
      parts.log(level::info, is_on ? "network: sites are isolated by the tables heberg of nftables"
                                   : "network: the tables heberg of nftables are taken away");
    }
  }

  void write_rules(const std::string& text) const {
    std::ofstream file(parts.rules_file, std::ios::trunc);
    file << text;
    file.close();
    if (!file) throw std::runtime_error("cannot write " + parts.rules_file);
  }

  void report_failure(const std::string& why) {
    polls_since_failure = 0;
    if (std::exchange(failure, why) == why) return;
    parts.log(level::error, "network: sites are not isolated from one another on the network: " + why);
  }

  // What is still so a second later: a container that has just ended is no news.
  void report_unguarded() {
    std::map<std::string, std::string> still;
    for (const auto& [who, why] : plan.unguarded) {
      const auto before = seen_before.find(who);
      if (before != seen_before.end() && before->second == why) still.emplace(who, why);
    }
    for (const auto& [who, why] : still) {
      const auto before = unguarded.find(who);
      if (before == unguarded.end() || before->second != why)
        parts.log(level::warning, who + ": its network is not isolated: " + why);
    }
    seen_before = plan.unguarded;
    unguarded = std::move(still);
  }

  asio::io_context& io;
  const bool is_on;
  const guard_parts parts;
  guard_options options;
  std::optional<host_network> network;
  std::optional<std::vector<network_member>> members;  // empty: the engine was not listed yet
  address_quarantine quarantine;
  guard_plan plan;
  std::set<int> quiet_bridges;              // those with no_linklocal_learn
  std::string loaded;                       // the rules in place, as far as we know
  std::optional<std::uint32_t> generation;  // with them
  std::string failure;                      // why there are no rules
  std::map<std::string, std::string> seen_before, unguarded;
  asio::steady_timer poll_timer;
  asio::posix::stream_descriptor changes;
  int polls_since_failure = 0;
  bool is_running = false;
  bool must_run_again = false;
  bool has_loaded = false;
  bool stopped = false;
};

network_guard::network_guard(asio::io_context& io, const settings& settings, guard_parts parts)
    : impl_(std::make_shared<impl>(io, settings, std::move(parts))) {}

network_guard::~network_guard() {
  impl_->stop();
}

void network_guard::start() {
  impl_->start();
}

void network_guard::take(std::vector<network_member> members) {
  if (impl_->members == members) return;
  impl_->members = std::move(members);
  impl_->refresh();
}

void network_guard::stop() {
  impl_->stop();
}

std::map<std::string, std::string> network_guard::problems() const {
  auto problems = impl_->unguarded;
  if (!impl_->is_on) problems.emplace(k_network, "network.guard is false: set it to true");
  if (!impl_->failure.empty()) problems.emplace(k_network, impl_->failure);
  return problems;
}

}  // namespace heberg::syncd
