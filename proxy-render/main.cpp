// SPDX-License-Identifier: LGPL-2.1-or-later
// heberg-proxy-render: the command line and the settings, put together.
#include "process/split_arguments.h"
#include "program/command_line.h"
#include "program/log.h"
#include "program/settings_value.h"
#include "proxy-render/daemon.h"
#include "proxy-render/files/gift_key.h"
#include "proxy-render/nginx/features.h"
#include "proxy-render/nginx/nginx.h"
#include "proxy-render/nginx/worker_count.h"
#include "proxy-render/plan/changed_files.h"
#include "proxy-render/plan/own_container.h"
#include "proxy-render/plan/planner.h"
#include "proxy-render/publish/check.h"
#include "proxy-render/publish/confirm.h"
#include "proxy-render/render/generation.h"
#include "proxy-render/status.h"
#include "site/hosts.h"
#include "site/site.h"
#include "site/variables/variables.h"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <variant>

namespace {

using namespace heberg;

constexpr std::chrono::milliseconds k_status_patience{500};
constexpr int k_check_attempts = 5;                   // while files are removed or replaced meanwhile
constexpr std::chrono::seconds k_forget_patience{5};  // with a daemon that writes its memory

struct command_line {
  common_options common;
  std::string output;
  std::string hosts_file;
  std::string reload;
  std::string forget;
  bool once = false;
  bool no_reload = false;
  bool status = false;
  bool check = false;
  bool variables = false;
  bool close = false;
};

// Where the kernel has no IPv6, or no interface has an address of it, nginx need not listen there.
bool host_has_ipv6() {
  std::ifstream interfaces("/proc/net/if_inet6");
  return interfaces.peek() != std::ifstream::traits_type::eof();
}

// Where nginx is reloaded through the engine, its container is the one that is reloaded.
std::string nginx_container_of(const settings& s) {
  if (!s.proxy.container.empty()) return s.proxy.container;
  const auto way = proxy::parse_reload(s.proxy.reload);
  const auto* container = std::get_if<proxy::by_container>(&way);
  return container == nullptr ? "" : container->name;
}

// Reads nginx's version, and remembers it.
boost::asio::awaitable<proxy::nginx_features> ask_features(std::shared_ptr<proxy::nginx_options> nginx,
                                                           bool wants_http3) {
  nginx->version = co_await proxy::read_version(*nginx);
  auto features = proxy::parse_features(nginx->version);
  features.http3 = features.http3 && wants_http3;
  co_return features;
}

proxy::render_options render_options_of(const settings& s) {
  return {.http_port = s.proxy.http_port,
          .ipv6 = s.proxy.ipv6 && host_has_ipv6(),
          .https_port = s.proxy.https_port,
          .certs = s.proxy.certs,
          .max_body = s.proxy.max_body,
          .max_body_limit = s.proxy.max_body_limit,
          .client_requests = s.proxy.client_requests,
          .access_log = s.proxy.access_log,
          .acme = s.proxy.acme,
          .has_generation = true,
          .nginx = {},
          .downstream = {.trusted = s.proxy.trust, .proxy_protocol = s.proxy.proxy_protocol},
          .preamble = {},
          .internal = s.proxy.internal,
          .engine_networks = {},
          .defaults = {},
          .many_hosts = s.proxy.map_from_hosts};
}

// For --status and --check.
proxy::render_options asked_render_options_of(const settings& s, const std::shared_ptr<proxy::nginx_options>& nginx) {
  auto options = render_options_of(s);
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, ask_features(nginx, s.proxy.http3),
                        [&options](const std::exception_ptr& error, proxy::nginx_features found) {
                          if (!error) options.nginx = found;
                        });
  io.run();
  return options;
}

site::host read_host(const char* key, const std::string& text) {
  auto parsed = site::parse_host(text);
  if (const auto* why = std::get_if<std::string>(&parsed))
    throw settings_error(std::string("[proxy] ") + key + " " + text + ": " + *why);
  return std::get<site::host>(std::move(parsed));
}

std::optional<site::host> default_host_of(const settings& s) {
  if (s.proxy.default_host.empty()) return std::nullopt;
  return read_host("default_host", s.proxy.default_host);
}

std::set<site::host> shared_hosts_of(const settings& s) {
  std::set<site::host> hosts;
  for (const auto& text : s.proxy.shared_hosts) hosts.insert(read_host("shared_hosts", text));
  return hosts;
}

std::map<site::host, std::string> host_owners_of(const settings& s) {
  std::map<site::host, std::string> owners;
  for (const auto& text : s.proxy.host_owners) {
    const auto pair = parse_word_pair(text).value_or(std::pair<std::string, std::string>());
    const bool is_container = pair.second.starts_with("container:");
    if (const auto why = site::explain_site_name(pair.second); !is_container && !why.empty())
      throw settings_error("[proxy] host_owners: \"" + text + "\": " + why);
    const auto owner = is_container ? pair.second : "site:" + pair.second;
    if (!owners.emplace(read_host("host_owners", pair.first), owner).second)
      throw settings_error("[proxy] host_owners: " + pair.first + " has two owners: remove one of the lines");
  }
  return owners;
}

std::vector<proxy::port_range> external_ports_of(const settings& s) {
  std::vector<proxy::port_range> ranges;
  for (const auto& text : s.proxy.external_ports) {
    if (const auto range = parse_port_range(text)) ranges.push_back({range->first, range->second});
  }
  return ranges;
}

bool reloads_through_engine(const settings& s) {
  return std::holds_alternative<proxy::by_container>(proxy::parse_reload(s.proxy.reload));
}

std::function<boost::asio::awaitable<std::optional<proxy::worker_count>>()> count_workers_of(const settings& s) {
  return [way = proxy::parse_reload(s.proxy.reload), host = s.docker.host] { return proxy::find_workers(way, host); };
}

proxy::daemon_options daemon_options_of(const settings& s, const command_line& line) {
  return {
      .watch = {.host = s.docker.host},
      .plan = {.sites = {.root = s.sites.host_root, .images = s.sites.images, .named_by_label = s.sites.named_by_label},
               .own_ports = {s.proxy.http_port, s.proxy.https_port},
               .external_ports = external_ports_of(s),
               .shared_hosts = shared_hosts_of(s),
               .host_owners = host_owners_of(s),
               .keep_names = s.proxy.hold_names_for,
               .default_host = default_host_of(s),
               .location = {.container = nginx_container_of(s), .own_ids = proxy::read_own_ids()}},
      .hosts_file = line.hosts_file,
      .folders = {.certs = s.proxy.certs,
                  .vhost_d = s.proxy.vhost_d,
                  .htpasswd = s.proxy.htpasswd,
                  .conf_d = s.proxy.conf_d,
                  .errors = s.proxy.errors},
      .reloads_through_engine = reloads_through_engine(s),
      .count_workers = count_workers_of(s),
      .max_generations = s.proxy.max_generations,
      .gift_key_file = s.state_dir + "/gifts/key"};
}

proxy::generation_port generation_port_of(const settings& s) {
  return {.number = s.proxy.http_port, .proxy_protocol = s.proxy.proxy_protocol};
}

proxy::publisher_tools tools_of(const settings& s, const std::shared_ptr<proxy::nginx_options>& nginx, bool no_reload) {
  proxy::publisher_tools tools{
      .test_config = [nginx](
                         std::string candidate,
                         proxy::test_scope scope) { return proxy::test_config(*nginx, std::move(candidate), scope); },
      .reload = {},
      .ask_features = [nginx, http3 = s.proxy.http3] { return ask_features(nginx, http3); },
      .confirm = {},
      .find_changed_file =
          [certs = s.proxy.certs](const proxy::plan& plan) { return proxy::find_changed_file(plan, certs); }};
  if (!no_reload) {
    tools.confirm = [port = generation_port_of(s)](std::string generation, std::function<bool()> has_news) {
      return proxy::confirm_generation(port, std::move(generation), proxy::k_confirm_patience, std::move(has_news));
    };
    tools.count_workers = count_workers_of(s);
    tools.max_generations = s.proxy.max_generations;
    tools.reload = [way = proxy::parse_reload(s.proxy.reload), host = s.docker.host] {
      return proxy::reload_nginx(way, host);
    };
  }
  return tools;
}

// What a daemon would make of the engine's containers now; nothing is kept.
proxy::plan plan_now(const proxy::daemon_options& options, proxy::memory_file& kept) {
  const auto containers = docker::fetch_containers(options.watch);
  auto with = options.plan;
  with.gift_key = proxy::read_gift_key(options.gift_key_file);
  if (const auto unread = proxy::read_folders(options.folders, with); !unread.empty()) log(level::error, unread);
  auto memory = kept.load().remembered;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return proxy::make_plan(containers, with, memory, now);
}

// Whether nginx serves the text in place; empty where that text has no generation.
std::string ask_what_is_served(const std::string& live, proxy::generation_port port) {
  const auto generation = proxy::generation_of(live);
  if (generation.empty()) return {};
  auto found = proxy::confirmation::silent;
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, proxy::confirm_generation(port, generation, k_status_patience, {}),
                        [&found](const std::exception_ptr& error, proxy::confirmation answer) {
                          if (!error) found = answer;
                        });
  io.run();
  if (found == proxy::confirmation::served) return "served";
  return found == proxy::confirmation::stale ? "stale" : "silent";
}

int print_status(const settings& s, const proxy::plan& plan, const std::shared_ptr<proxy::nginx_options>& nginx) {
  const auto live = proxy::output_file(s.proxy.output).read().value_or("");
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  std::cout << proxy::describe_status(plan, asked_render_options_of(s, nginx), s.proxy.output, live,
                                      {.nginx = ask_what_is_served(live, generation_port_of(s)),
                                       .certificates = proxy::explain_ends(proxy::list_ends(s.proxy.certs), now)});
  return 0;
}

int check(const settings& s, const proxy::daemon_options& options, proxy::memory_file& kept,
          const std::shared_ptr<proxy::nginx_options>& nginx) {
  const auto render_options = asked_render_options_of(s, nginx);
  proxy::plan plan;
  std::vector<std::string> faults;
  for (int attempt = 0; attempt < k_check_attempts; ++attempt) {
    plan = plan_now(options, kept);
    faults = proxy::find_faults(plan, render_options, *nginx);
    if (faults.empty() || !proxy::find_changed_file(plan, s.proxy.certs)) break;
  }
  for (const auto& fault : faults) log(level::error, fault);
  if (faults.empty()) {
    log(level::info, "nginx accepts the configuration: " + std::to_string(plan.vhosts.size()) + " hosts, " +
                         std::to_string(plan.refused.size()) + " values refused (see --status)");
  }
  return faults.empty() ? 0 : 1;
}

// For the units of nginx and of the engine, before they start.
int close(const settings& s, const proxy::publisher_tools& tools) {
  proxy::publisher(s.proxy.output, render_options_of(s), tools).close();
  if (!tools.reload) return 0;
  boost::asio::io_context io{1};
  auto status = proxy::reload_status::requested;
  boost::asio::co_spawn(io, tools.reload(),
                        [&status](const std::exception_ptr& error, const proxy::reload_result& made) {
                          status = error ? proxy::reload_status::failed : made.what;
                          if (status == proxy::reload_status::failed)
                            log(level::warning, "nginx could not be reloaded: " + made.message);
                        });
  io.run();
  return status == proxy::reload_status::failed ? 1 : 0;
}

int forget(const std::string& name, proxy::memory_file& kept) {
  const auto host = site::parse_host(name);
  if (const auto* reason = std::get_if<std::string>(&host)) throw std::invalid_argument("\"" + name + "\" " + *reason);
  for (bool done = false; !done;) {  // again, where the daemon wrote in between
    auto read = kept.load();
    if (read.damaged) throw std::runtime_error(read.complaint);
    if (read.remembered.names.erase(std::get<site::host>(host)) == 0)
      throw std::runtime_error("no owner is recorded for the host name \"" + name + "\"");
    read.remembered.changed = true;
    done = kept.save(read.remembered, k_forget_patience);
  }
  log(level::info, "the host name " + name +
                       " is free: heberg-proxy-render gives it to the oldest container that requests it, when a "
                       "container changes or "
                       "on SIGHUP");
  return 0;
}

int run(const command_line& line) {
  auto s = load(line.common);
  if (!line.output.empty()) s.proxy.output = std::filesystem::absolute(line.output).lexically_normal().string();
  if (!line.reload.empty()) {
    static_cast<void>(proxy::parse_reload(line.reload));
    s.proxy.reload = line.reload;
  }
  const auto nginx = std::make_shared<proxy::nginx_options>(
      proxy::nginx_options{.command = split_arguments(s.proxy.nginx), .live = s.proxy.output});
  const auto options = daemon_options_of(s, line);
  proxy::memory_file kept(s.proxy.output);
  if (!line.forget.empty()) return forget(line.forget, kept);
  if (line.status) return print_status(s, plan_now(options, kept), nginx);
  if (line.check) return check(s, options, kept, nginx);

  if (line.close) return close(s, tools_of(s, nginx, line.no_reload));

  proxy::check_hosts_file(line.hosts_file);
  proxy::publisher publisher(s.proxy.output, render_options_of(s), tools_of(s, nginx, line.no_reload));
  return line.once ? proxy::run_once(options, publisher, kept) : proxy::run_daemon(options, publisher, kept);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Turns the running containers into nginx's upstream and server blocks, and reloads nginx.",
               "heberg-proxy-render");
  command_line line;
  add_common_options(app, line.common);
  auto* once = app.add_flag("--once", line.once, "Read the engine, publish, exit");
  auto* status = app.add_flag("--status", line.status, "Print what is served and refused, as JSON, and exit");
  auto* check =
      app.add_flag("--check", line.check, "Read everything and run nginx -t, change nothing; exit 0, or print why not");
  status->excludes(once);
  check->excludes(once)->excludes(status);
  app.add_option("--forget", line.forget,
                 "Forget which owner has the host name HOST, so that another one can get it, and exit")
      ->type_name("HOST")
      ->excludes(once)
      ->excludes(status)
      ->excludes(check);
  app.add_flag("--variables", line.variables,
               "Print the variables that a container may set, as a table in Markdown, and exit")
      ->excludes(once)
      ->excludes(status)
      ->excludes(check);
  app.add_flag("--close", line.close,
               "Have nginx answer 503 for all names until the daemon has read the engine, and exit")
      ->excludes(once)
      ->excludes(status)
      ->excludes(check);
  auto* no_reload = app.add_flag("--no-reload", line.no_reload, "Write, but do not reload nginx");
  app.add_option("--output", line.output, "Write nginx's configuration to FILE (default: proxy.output of the settings)")
      ->type_name("FILE");
  app.add_option("--reload", line.reload, "How nginx is reloaded (default: proxy.reload of the settings)")
      ->type_name("WAY")
      ->take_last()
      ->excludes(no_reload);
  app.add_option("--hosts", line.hosts_file,
                 "Keep FILE as a hosts(5) list too: each plain name that is served, at 127.0.0.1")
      ->type_name("FILE");
  CLI11_PARSE(app, argc, argv);
  if (line.variables) {
    std::cout << site::print_variables();
    return 0;
  }
  try {
    return run(line);
  } catch (const std::exception& error) {
    log(level::error, error.what());
    return 1;
  }
}
