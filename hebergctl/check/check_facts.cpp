// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/check/check_facts.h"

#include "base/random_hex.h"
#include "docker/watcher.h"
#include "hebergctl/check/account_sources.h"
#include "hebergctl/check/host_sources.h"
#include "hebergctl/check/log_arrival.h"
#include "hebergctl/check/proxy_probe.h"
#include "hebergctl/trees.h"
#include "site/hosts.h"
#include "site/site.h"
#include "tree/host_protection.h"
#include "tree/layout.h"
#include "tree/password.h"
#include "tree/password_file.h"
#include "tree/site_trees.h"

#include <algorithm>
#include <map>
#include <set>
#include <variant>

namespace heberg::ctl {
namespace {

constexpr std::chrono::seconds k_walk_time{2};  // of a site with a quota
constexpr std::size_t k_hashes_most = 100;      // a twentieth of a second each: of ten thousand sites none is tried

// The plain host names of the containers, where one of them is running.
std::set<std::string> list_plain_hosts(const std::vector<docker::container>& containers) {
  std::set<std::string> hosts;
  bool is_up = false;
  for (const auto& container : containers) {
    is_up = is_up || container.state == docker::container_state::running;
    const auto wanted = site::virtual_hosts(container);
    if (const auto* all = std::get_if<std::vector<site::host>>(&wanted)) {
      for (const auto& host : *all) {
        if (host.kind == site::host_kind::name) hosts.insert(host.text);
      }
    }
  }
  return is_up ? hosts : std::set<std::string>();
}

class gatherer {
 public:
  gatherer(const settings& settings, const check_options& options)
      : settings_(settings), options_(options), accounts_(settings), arrival_(settings) {}

  facts run() {
    if (options_.status) read_status(facts_.host, *options_.status);
    open_trees();
    list_containers();
    auto rows = ledger::read_sites(settings_.state_dir);
    find_unknown(rows);
    find_shared_networks();
    facts_.host.has_proxy = fetch_status(settings_, "heberg-check.invalid") != 0;
    if (!options_.site.empty()) std::erase_if(rows, [&](const auto& row) { return row.name != options_.site; });
    for (auto& row : rows) gather_site(std::move(row), rows.size());
    wait_for_logs();
    facts_.host.watch_problem = explain_no_inotify();
    facts_.host.proxy_problem = explain_proxy_problem(settings_);
    count_workers(facts_.host, settings_);
    facts_.host.certificates = list_certificates(settings_);
    return std::move(facts_);
  }

 private:
  void open_trees() {
    try {
      root_ = open_root(settings_);
      trees_.emplace(root_, settings_.sites.root, owners_);
      facts_.host.missing_protection = tree::find_missing_protection(root_->get(), settings_.sites.host_root);
    } catch (const std::exception& error) {
      facts_.host.root_problem = error.what();
    }
  }

  void list_containers() {
    const site::classifier classifier({.root = settings_.sites.host_root,
                                       .images = settings_.sites.images,
                                       .named_by_label = settings_.sites.named_by_label});
    std::vector<site::site_container> accepted;
    try {
      for (auto& [id, container] : docker::fetch_containers({.host = settings_.docker.host})) {
        const auto found = classifier.classify(container);
        if (const auto* one = std::get_if<site::site_container>(&found)) {
          accepted.push_back(*one);
          containers_[one->site].push_back(container);
        }
        if (const auto* refusal = std::get_if<site::rejected_container>(&found)) {
          facts_.host.refused.try_emplace("container " + site::quoted(refusal->container),
                                          "not accepted as a site's container: " + refusal->reason);
        }
      }
      std::vector<const site::site_container*> listed;
      for (const auto& one : accepted) listed.push_back(&one);
      shared_networks_ = site::find_shared_networks(listed);
    } catch (const std::exception& error) {
      facts_.host.engine_problem = error.what();
    }
  }

  void find_unknown(const std::vector<ledger::site>& rows) {
    std::set<std::string> known;
    for (const auto& row : rows) {
      if (!row.is_retired()) known.insert(row.name);
    }
    for (const auto& [site, all] : containers_) {
      if (!known.contains(site)) facts_.host.unknown_sites.push_back(site);
    }
  }

  // The default network has no DNS.
  void find_shared_networks() {
    std::map<std::string, std::set<std::string>> sites;  // by network
    for (const auto& [site, all] : containers_) {
      for (const auto& container : all) {
        for (const auto& network : container.networks) {
          if (network.name != "bridge" && !network.id.empty()) sites[network.name].insert(site);
        }
      }
    }
    for (const auto& [network, names] : sites) {
      if (names.size() > 1) facts_.host.shared_networks.push_back(network);
    }
  }

  void gather_site(ledger::site row, std::size_t count) {
    site_facts site;
    const auto name = row.name;
    site.home = settings_.sites.root + "/" + name;
    site.directory = accounts_.find_account(name);
    site.nss = accounts_.ask_nss(name);
    site.shadow = accounts_.find_shadow(name);
    if (const auto found = containers_.find(name); found != containers_.end()) site.containers = found->second;
    if (const auto found = shared_networks_.find(name); found != shared_networks_.end())
      site.shared_network = site::explain_shared_network(found->second);
    const bool has_logs = settings_.logs.enabled && root_ != nullptr && !row.is_retired();
    if (trees_ && !row.is_retired()) {
      if (options_.fix) (void)trees_->repair(name, row.uid);
      site.tree = trees_->inspect(name, row.uid);
      measure_disk(site, name);
      if (count <= k_hashes_most) site.password_holds = try_password(row);
    }
    if (facts_.host.has_proxy && !row.is_retired()) request_addresses(site, name, has_logs);
    if (has_logs) arrival_.expect_last_lines(facts_.sites.size(), site);
    site.row = std::move(row);
    facts_.sites.push_back(std::move(site));
  }

  // Only where there is a limit: the walk takes time.
  void measure_disk(site_facts& site, const std::string& name) const {
    const unique_fd secrets = tree::open_secrets_folder(root_->get(), name);
    const auto own = secrets ? tree::read_quota(secrets.get(), owners_) : std::nullopt;
    const auto limit = own.value_or(tree::quota{settings_.sites.quota, settings_.sites.quota_files});
    if (!limit.is_set()) return;
    const auto use = tree::measure_use(root_->get(), name, k_walk_time);
    site.disk_share = tree::used_share(use, limit);
    site.disk_text = print_disk_share({use, limit});
  }

  std::optional<bool> try_password(const ledger::site& row) const {
    if (row.origin != ledger::hash_origin::password) return std::nullopt;
    const unique_fd folder = tree::open_secrets_folder(root_->get(), row.name);
    if (!folder) return std::nullopt;
    const auto look = tree::read_password_file(folder.get(), std::nullopt, owners_);
    const auto* line = std::get_if<tree::file_line>(&look);
    if (line == nullptr || tree::classify_line(line->line.view()).kind != tree::line_kind::password)
      return std::nullopt;
    return tree::is_hash_of(row.hash, line->line);
  }

  // One request to each plain host name of a site that runs; its own access.log will show it.
  void request_addresses(site_facts& site, const std::string& name, bool has_logs) {
    for (const auto& host : list_plain_hosts(site.containers)) {
      const auto token = random_hex(12);
      const auto status = fetch_status(settings_, host, "/?heberg-check=" + token);
      site.addresses.push_back({.host = host, .status = status, .is_in_its_log = {}});
      // A redirect may be the proxy's own; where it does not reach the site, no log has it either.
      const bool is_the_sites = status != 0 && (status < 300 || status >= 400) && status < 502;
      if (is_the_sites && has_logs) arrival_.expect_request(facts_.sites.size(), site, name, token);
    }
  }

  void wait_for_logs() {
    const int root = root_ == nullptr ? -1 : root_->get();  // without a root no line is expected
    arrival_.wait_for_requests(root, facts_.sites);
    try {
      arrival_.wait_for_last_lines(root, facts_.sites);
    } catch (const sqlite::error& error) {
      facts_.host.logs_problem = error.what();
    }
  }

  const settings& settings_;
  const check_options& options_;
  const account_sources accounts_;
  tree::ownership owners_;
  tree::shared_fd root_;
  std::optional<tree::site_trees> trees_;
  std::map<std::string, std::vector<docker::container>> containers_;  // by site
  std::map<std::string, std::string> shared_networks_;                // site -> network
  log_arrival arrival_;
  facts facts_;
};

}  // namespace

facts gather_facts(const settings& settings, const check_options& options) {
  return gatherer(settings, options).run();
}

}  // namespace heberg::ctl
