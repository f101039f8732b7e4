// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/check/check.h"

#include "hebergctl/print.h"
#include "program/log.h"
#include "tree/layout.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace heberg::ctl {
namespace {

using namespace std::chrono_literals;
using json = nlohmann::ordered_json;
using docker::container_state;

// The engine doubles the pause before each restart, up to a minute: a container with so many restarts that was started
// so lately is in that loop, whatever its state is now.
constexpr std::uint32_t k_restarts = 3;
constexpr auto k_lately = 2min;
constexpr auto k_soon = std::chrono::days(14);

constexpr char k_publish[] =
    "systemctl restart heberg-syncd, or docker restart heberg-syncd: it writes the account database again";

class site_check {
 public:
  site_check(const site_facts& site, std::chrono::system_clock::time_point now) : site_(site), now_(now) {}

  std::vector<finding> run() {
    check_account();
    if (site_.row.is_retired()) return std::move(found_);
    for (const auto& problem : site_.tree) add("tree", severity::error, problem, "hebergctl check --fix " + name());
    check_disk();
    check_password();
    check_containers();
    for (const auto& address : site_.addresses) check_address(address);
    for (const auto& log : site_.logs) check_log(log);
    return std::move(found_);
  }

 private:
  const std::string& name() const { return site_.row.name; }

  void add(std::string subject, severity weight, std::string text, std::string remedy = {}) {
    found_.push_back({name(), std::move(subject), weight, std::move(text), std::move(remedy)});
  }

  void check_source(const account_answer& answer, const std::string& source) {
    switch (answer.what) {
      case account_answer::untried:
        return;
      case account_answer::unreadable:
        return add("account", severity::error, source + " cannot be read", k_publish);
      case account_answer::absent:
        if (!site_.row.is_retired()) add("account", severity::error, source + " does not have the account", k_publish);
        return;
      case account_answer::present:
        break;
    }
    if (site_.row.is_retired())
      return add("account", severity::error, source + " still has the account of a retired site", k_publish);
    if (answer.uid != site_.row.uid) {
      add("account", severity::error,
          source + " has UID " + std::to_string(answer.uid) + ", the ledger has " + std::to_string(site_.row.uid),
          k_publish);
    }
    if (answer.home != site_.home)
      add("account", severity::error, source + " has the home " + answer.home + ", not " + site_.home, k_publish);
  }

  void check_account() {
    check_source(site_.directory, "accounts.cdb");
    check_source(site_.nss, "NSS on this host");
    const auto& shadow = site_.shadow;
    if (site_.row.is_retired()) {
      if (shadow.what == shadow_answer::present)
        add("account", severity::error, "shadow.cdb still has the hash of a retired site", k_publish);
      return;
    }
    if (shadow.what != shadow_answer::present) {
      add("account", severity::error,
          shadow.what == shadow_answer::absent ? "shadow.cdb does not have the account" : "shadow.cdb cannot be read",
          k_publish);
    } else if (shadow.is_locked != site_.row.is_locked()) {
      add("account", severity::error,
          site_.row.is_locked() ? "the site is locked, but shadow.cdb allows logins"
                                : "the account is locked in shadow.cdb, but the site is not",
          k_publish);
    } else if (shadow.hash != site_.row.hash) {
      add("account", severity::error, "shadow.cdb and the ledger have different hashes", k_publish);
    }
  }

  void check_disk() {
    constexpr unsigned k_much = 80;  // per cent
    if (site_.disk_share.value_or(0) < k_much) return;
    add("disk", *site_.disk_share >= 100 ? severity::error : severity::warning,
        "it uses " + site_.disk_text + " (" + std::to_string(*site_.disk_share) +
            " % of its quota, which is not enforced)",
        "hebergctl quota " + name() + " BYTES, or remove files");
  }

  void check_password() {
    const std::string file = site_.home + "/" + tree::k_secrets_folder + "/" + tree::k_password_file;
    switch (site_.row.origin) {
      case ledger::hash_origin::refused:
        return add("account", severity::error,
                   file + " is refused, so password logins are disabled: see heberg-syncd's log",
                   "hebergctl passwd " + name() + " --generate");
      case ledger::hash_origin::none:
        return add("account", severity::warning, "heberg-syncd has not read the password yet", "hebergctl sync");
      default:
        break;
    }
    if (site_.password_holds == false)
      add("account", severity::error, "the password in " + file + " does not match the hash", "hebergctl sync");
  }

  void check_container(const docker::container& c) {
    const std::string shown = "container " + c.name;
    if (c.state == container_state::restarting ||
        (c.restarts >= k_restarts && c.is_up() && now_ - c.started < k_lately)) {
      add("container", severity::error,
          shown + " is down: Docker has restarted it " + std::to_string(c.restarts) + " times",
          "docker logs " + c.name);
    } else if (c.state == container_state::paused) {
      add("container", severity::error, shown + " is paused", "docker unpause " + c.name);
    } else if (c.state != container_state::running) {
      add("container", severity::error, shown + " is not running", "docker start " + c.name);
    } else if (c.health == docker::health::unhealthy) {
      add("container", severity::error, shown + " is unhealthy", "docker inspect " + c.name);
    }
    if (!c.inspected) return add("container", severity::warning, shown + ": Docker reports only its name");
    // Where the image's passwd does not have that UID, Apache 2.4 logs one alert and serves PHP as root.
    if (const auto* user = docker::find_environment(c, "APACHE_RUN_USER"); user != nullptr && user->starts_with('#')) {
      add("container", severity::error, shown + " has APACHE_RUN_USER=" + *user + ": PHP may run as root",
          "run it with --user " + std::to_string(site_.row.uid) + ":" + std::to_string(site_.row.uid) +
              ", or hebergctl create");
    } else if (c.user.empty() || c.user == "root" || c.user == "0" || c.user.starts_with("0:") ||
               c.user.starts_with("root:")) {
      add("container", severity::warning, shown + " starts as root",
          "run it with --user " + std::to_string(site_.row.uid) + ":" + std::to_string(site_.row.uid) +
              ", or hebergctl create");
    }
  }

  void check_containers() {
    if (site_.containers.empty() && !site_.row.missing_since)
      add("container", severity::error, "Docker has no container of this site, but the ledger expects one",
          "hebergctl sync");
    for (const auto& c : site_.containers) check_container(c);
    if (!site_.shared_network.empty()) add("container", severity::warning, site_.shared_network);
  }

  void check_address(const address_answer& address) {
    const auto shown = "http://" + address.host;
    if (address.status == 0)
      return add("address", severity::error, shown + " does not answer", "systemctl status nginx");
    if (address.status == 502 || address.status == 503 || address.status == 504) {
      return add("address", severity::error,
                 shown + " answers " + std::to_string(address.status) + ": the proxy cannot connect to the site",
                 "heberg-proxy-render --status");
    }
    if (address.status >= 500)
      add("address", severity::warning, shown + " answers " + std::to_string(address.status),
          "hebergctl logs --error " + name());
    if (address.is_in_its_log == false) {
      add("logs", severity::error,
          "a request to " + shown + " is missing in access.log: another site answers, or the log is not forwarded",
          "heberg-proxy-render --status; see heberg-syncd's log");
    }
  }

  void check_log(const log_state& log) {
    if (!log.problem.empty()) {
      add("logs", severity::warning, "Docker cannot read the log of container " + log.container + ": " + log.problem,
          "run it with the log driver json-file, local or journald");
    }
    for (const auto& name : log.behind) {
      add("logs", severity::error, name + " lacks the last lines of container " + log.container,
          "see heberg-syncd's log");
    }
  }

  const site_facts& site_;
  const std::chrono::system_clock::time_point now_;
  std::vector<finding> found_;
};

constexpr std::string_view name_of(severity weight) {
  return weight == severity::error ? "error" : weight == severity::warning ? "warning" : "note";
}

std::size_t count(std::span<const finding> findings, severity weight) {
  return static_cast<std::size_t>(std::ranges::count(findings, weight, &finding::weight));
}

std::string number_of(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

std::vector<finding> check_site(const site_facts& site, std::chrono::system_clock::time_point now) {
  return site_check(site, now).run();
}

std::vector<finding> check_host(const host_facts& host, std::chrono::system_clock::time_point now) {
  std::vector<finding> found;
  const auto add = [&found](std::string subject, severity weight, std::string text, std::string remedy = {}) {
    found.push_back({"", std::move(subject), weight, std::move(text), std::move(remedy)});
  };
  if (!host.syncd_answers) {
    add("syncd", severity::error, "heberg-syncd does not answer: accounts are not updated",
        "systemctl status heberg-syncd");
  } else if (!host.is_connected) {
    add("syncd", severity::error, "heberg-syncd is not connected to Docker: accounts are not updated",
        "systemctl status docker");
  }
  if (host.publishing_fails)
    add("syncd", severity::error, "heberg-syncd cannot write the account database", "see heberg-syncd's log");
  for (const auto& [who, why] : host.refused) add("syncd", severity::warning, who + " is refused: " + why);
  // The sysadmin's own setting is a warning: an error would hide the next one.
  for (const auto& [who, why] : host.not_isolated) {
    const bool is_wanted = why.starts_with("network.guard is false");
    add("network", is_wanted ? severity::warning : severity::error, who + " is not isolated: " + why);
  }
  for (const auto& network : host.shared_networks) {
    add("network", severity::note,
        "Docker's DNS tells the containers of network " + network +
            " one another's names and addresses; heberg-syncd keeps them from connecting",
        "for a site that must not be known to the others: a network of its own");
  }
  if (!host.root_problem.empty()) add("tree", severity::error, host.root_problem);
  for (const auto& [text, remedy] : host.missing_protection) add("host", severity::warning, text, remedy);
  if (!host.engine_problem.empty()) {
    add("engine", severity::error, "containers were not checked: " + host.engine_problem, "systemctl status docker");
  } else if (!host.has_proxy) {
    add("address", severity::note, "no proxy can be reached from here: addresses were not checked");
  }
  if (!host.logs_problem.empty()) add("logs", severity::error, host.logs_problem, "see heberg-syncd's log");
  if (!host.proxy_problem.empty()) add("proxy", severity::warning, host.proxy_problem);
  if (host.old_workers > host.new_workers) {
    const bool is_full = host.old_workers > host.new_workers * (host.max_generations - 2);
    add("proxy", is_full ? severity::warning : severity::note,
        "nginx has " + std::to_string(host.old_workers) + " old workers beside " + std::to_string(host.new_workers) +
            " new ones, which finish what they serve" + (is_full ? ": reloads wait for their end" : ""),
        "proxy.max_generations in heberg.toml(5)");
  }
  if (!host.watch_problem.empty()) {
    add("inotify", severity::warning,
        "root gets no inotify(7) instance: " + host.watch_problem + "; password files and the proxy's files are polled",
        "stop the container that took them all (root in one has the host root's), or raise "
        "fs.inotify.max_user_instances with sysctl");
  }
  for (const auto& site : host.unknown_sites) {
    if (!host.refused.contains(site))
      add("engine", severity::error, "a container belongs to site " + site + ", which has no account",
          "hebergctl sync");
  }
  for (const auto& certificate : host.certificates) {
    const auto shown = "certificate " + certificate.name;
    if (!certificate.problem.empty()) {
      add("certificate", severity::error, shown + ": " + certificate.problem);
    } else if (certificate.end) {
      const auto left = std::chrono::floor<std::chrono::days>(*certificate.end - now).count();
      if (*certificate.end <= now) {
        add("certificate", severity::error, shown + " has expired", "renew it");
      } else if (*certificate.end - now < k_soon) {
        add("certificate", severity::warning, shown + " expires in " + number_of(static_cast<std::size_t>(left), "day"),
            "renew it");
      }
    }
  }
  return found;
}

std::optional<severity> worst_of(std::span<const finding> findings) {
  std::optional<severity> worst;
  for (const auto& found : findings) {
    if (found.weight != severity::note) worst = worst ? std::max(*worst, found.weight) : found.weight;
  }
  return worst;
}

std::string print_findings(std::span<const finding> findings, std::size_t sites) {
  std::string text;
  for (const auto& found : findings) {
    std::string line(name_of(found.weight));
    line.resize(9, ' ');
    line += found.site.empty() ? "" : found.site + ": ";
    line += found.subject + ": " + found.text + (found.remedy.empty() ? "" : "  [" + found.remedy + "]");
    text += escape_line(line) + "\n";
  }
  return text + number_of(sites, "site") + ": " + number_of(count(findings, severity::error), "error") + ", " +
         number_of(count(findings, severity::warning), "warning") + "\n";
}

std::string print_json(std::span<const finding> findings, std::size_t sites) {
  auto list = json::array();
  for (const auto& found : findings) {
    list.push_back({{"site", found.site.empty() ? json(nullptr) : json(found.site)},
                    {"subject", found.subject},
                    {"severity", name_of(found.weight)},
                    {"text", found.text},
                    {"remedy", found.remedy}});
  }
  const json document = {{"sites", sites},
                         {"errors", count(findings, severity::error)},
                         {"warnings", count(findings, severity::warning)},
                         {"findings", list}};
  return document.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

}  // namespace heberg::ctl
