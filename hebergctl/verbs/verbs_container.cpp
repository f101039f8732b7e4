// SPDX-License-Identifier: LGPL-2.1-or-later
// A site's container: create, remove. syncd reserves the UID and the tree, the engine makes the container. Both verbs
// can be run again after any interruption.
#include "base/names.h"
#include "hebergctl/check/proxy_probe.h"
#include "hebergctl/command.h"
#include "hebergctl/container/gift_key.h"
#include "hebergctl/container/site_container.h"
#include "hebergctl/move/move_steps.h"
#include "hebergctl/site_lock.h"
#include "hebergctl/site_name.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "ledger/ledger.h"
#include "tree/layout.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <thread>

namespace heberg::ctl {
namespace {

using namespace std::chrono_literals;
using json = nlohmann::ordered_json;

constexpr auto k_timeout = 20s;  // for the account and for the proxy
constexpr auto k_pause = 100ms;

struct create_options {
  std::string site;
  specification wanted;
  std::string memory = "512m";
  bool dry_run = false;
};

template <typename Condition>
bool wait_until(std::chrono::milliseconds timeout, Condition holds) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(k_pause);
  }
  return true;
}

bool has_account(const settings& settings, const std::string& name) {
  const auto site = ledger::read_site(settings.state_dir, name);
  return site && !site->is_retired() && site->origin != ledger::hash_origin::none;
}

enum class served { yes, no, unknown };

// Unknown where no proxy can be reached, as from syncd's own container, which has no network.
served ask_proxy(const settings& settings, const std::string& host) {
  unsigned status = 0;
  const auto is_served = [&] {
    status = fetch_status(settings, host);
    return status != 0 && status != 502 && status != 503;
  };
  if (fetch_status(settings, host) == 0) return served::unknown;
  return wait_until(k_timeout, is_served) ? served::yes : served::no;
}

placed_site place(const settings& settings, const create_options& asked, std::uint32_t uid) {
  return {.site = asked.site,
          .uid = uid,
          .www = tree::www_path(settings.sites.host_root, asked.site),
          .wanted = asked.wanted,
          .gift_key = load_gift_key(settings.state_dir)};
}

std::string describe(step what) {
  switch (what) {
    case step::nothing:
      return "up to date: nothing to do";
    case step::start:
      return "stopped: would be started";
    case step::make:
      return "would be created";
    case step::replace:
      return "would be replaced";
    case step::refuse:
      break;
  }
  return "a container of that name was not created by hebergctl: not changed";
}

int dry_run(const command& given, const create_options& asked, const settings& settings) {
  const auto known = ledger::read_site(settings.state_dir, asked.site);
  const auto present = find_container(settings.docker.host, asked.site);
  const auto what = plan(place(settings, asked, known ? known->uid : 0), present);
  const auto difference = what == step::make || what == step::replace
                              ? print_difference(asked.wanted, present ? present->wanted : std::nullopt)
                              : std::string();
  if (given.json)
    return report(given, {control::failure::none, asked.site + ": " + describe(what),
                          json{{"changes", what != step::nothing}, {"difference", difference}}.dump()});
  return print(asked.site + ": " + describe(what) + "\n" + difference);
}

int report_created(const command& given, const settings& settings, const create_options& asked, std::uint32_t uid,
                   bool changed) {
  const auto& host = asked.wanted.hosts.front();
  const auto answers = ask_proxy(settings, host);
  const auto port = settings.proxy.http_port;
  const auto address = "http://" + host + (port == 80 ? "" : ":" + std::to_string(port)) + "/";
  const auto password = read_password_of(settings, asked.site);
  if (given.json) {
    const json data = {{"site", asked.site},
                       {"uid", uid},
                       {"changed", changed},
                       {"address", address},
                       {"answers", answers == served::unknown ? json(nullptr) : json(answers == served::yes)},
                       {"password", password}};
    return report(given, {control::failure::none, asked.site + (changed ? ": created" : ": nothing to do"),
                          data.dump(-1, ' ', true, json::error_handler_t::replace)});
  }
  std::string text = asked.site + (changed ? ": running, UID " : ": up to date, UID ") + std::to_string(uid) + "\n";
  text += "address   " + address +
          (answers == served::unknown ? " (not checked: no proxy can be reached from here)" : "") + "\n";
  text += "SFTP      sftp " + asked.site + "@THIS-HOST\n";
  text += "password  " + (password.empty() ? "(none, or only its hash is known)" : password) + "\n";
  if (const int printed = print(text); printed != k_done) return printed;
  return answers == served::no
             ? fail(k_failed,
                    asked.site + ": created, but the proxy does not serve it yet: see heberg-proxy-render --status")
             : k_done;
}

int create(const command& given, create_options asked) {
  const auto settings = load(given.common);
  const auto memory = parse_size(asked.memory);
  if (!memory) return fail(k_usage, "create: invalid --memory \"" + asked.memory + "\": use a size such as 512m or 1g");
  asked.wanted.memory = *memory;
  if (!is_site_name(asked.site)) return fail(k_usage, explain_invalid_name(asked.site));
  if (const auto why = explain_specification(asked.wanted); !why.empty()) return fail(k_usage, "create: " + why);
  if (asked.dry_run) return dry_run(given, asked, settings);
  const site_lock alone(settings, asked.site);
  if (const auto where = moves_to(settings, asked.site); !where.empty())
    return fail(k_refused, asked.site + ": is being moved to " + where +
                               ": finish that move, or cancel it with \"hebergctl move " + asked.site + " --cancel\"");

  const auto reply = ask(given, {"reserve", asked.site});
  if (!reply) return k_no_syncd;
  if (reply->error != control::failure::none) return report(given, *reply);
  const auto known = ledger::read_site(settings.state_dir, asked.site);
  if (!known)
    return fail(k_failed, asked.site + ": reserved, but not in the ledger: does heberg-syncd use another --config?");

  const auto site = place(settings, asked, known->uid);
  const auto present = find_container(settings.docker.host, asked.site);
  const auto what = plan(site, present);
  if (what == step::refuse) return fail(k_refused, asked.site + ": " + describe(what));
  if (what == step::start) start_container(settings.docker.host, present->id);
  if (what == step::make) run_container(settings.docker.host, site);
  if (what == step::replace) run_container(settings.docker.host, site, present->id);
  if (!wait_until(k_timeout, [&] { return has_account(settings, asked.site); }))
    return fail(k_failed,
                asked.site + ": the container is running, but its account is missing: see heberg-syncd's log");
  return report_created(given, settings, asked, known->uid, what != step::nothing);
}

int remove(const command& given, const std::string& site) {
  const auto settings = load(given.common);
  if (!is_site_name(site)) return fail(k_usage, explain_invalid_name(site));
  const site_lock alone(settings, site);
  const auto present = find_container(settings.docker.host, site);
  if (!present && !ledger::read_site(settings.state_dir, site)) return fail_no_site(site);
  if (!present) return report(given, {control::failure::none, site + ": has no container: nothing to do"});
  if (!present->is_ours) return fail(k_refused, site + ": " + describe(step::refuse));
  remove_container(settings.docker.host, present->id);
  return report(given, {control::failure::none, site + ": container and account removed; files and UID stay"});
}

}  // namespace

void add_create(subcommand& verb, command& given) {
  const auto options = std::make_shared<create_options>();
  verb.add("SITE", options->site).required();
  verb.add("--host", options->wanted.hosts, "A host name; the first is the site's address").type("NAME").required();
  verb.add("--image", options->wanted.image, "The container image").type("IMAGE").shows_default();
  verb.add("--memory", options->memory, "Memory limit").type("SIZE").shows_default();
  verb.add("--env", options->wanted.environment, "An environment variable").type("NAME=VALUE");
  verb.add_flag("--dry-run", options->dry_run, "Print what would change, and change nothing");
  verb.runs(given, [&given, options] { return create(given, *options); });
}

void add_remove(subcommand& verb, command& given) {
  const auto site = std::make_shared<std::string>();
  verb.add("SITE", *site).required();
  verb.runs(given, [&given, site] { return remove(given, *site); });
}

}  // namespace heberg::ctl
