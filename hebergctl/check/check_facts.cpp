// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/check/check_facts.h"

#include "base/beneath.h"
#include "base/random_hex.h"
#include "digest/certificate.h"
#include "directory/reader.h"
#include "docker/call.h"
#include "docker/watcher.h"
#include "hebergctl/check/log_progress.h"
#include "hebergctl/check/proxy_probe.h"
#include "hebergctl/trees.h"
#include "json/fields.h"
#include "json/parse.h"
#include "log_positions/streams.h"
#include "site/hosts.h"
#include "site/site.h"
#include "tree/layout.h"
#include "tree/password.h"
#include "tree/password_file.h"
#include "tree/site_trees.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <thread>
#include <variant>

namespace heberg::ctl {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using json = nlohmann::json;

constexpr std::size_t k_hashes_most = 100;  // a twentieth of a second each: of ten thousand sites none is tried
constexpr auto k_log_patience = 3s;

void take_status(host_facts& host, const std::string& text) {
  const auto status = parse_json(text);
  if (!status.is_object()) return;
  host.syncd_answers = true;
  host.in_touch = status.value("engine", false);
  host.publishing_fails = status.value("publishing_fails", false);
  if (const auto reasons = status.find("reasons"); reasons != status.end() && reasons->is_object()) {
    for (const auto& [who, why] : reasons->items()) {
      if (why.is_string()) host.refused[who] = why.get<std::string>();
    }
  }
}

class directory_files {
 public:
  explicit directory_files(const settings& settings)
      : accounts_(settings.state_dir + "/directory/accounts.cdb"),
        shadow_(settings.state_dir + "/directory/shadow.cdb") {}

  account_answer find_account(const std::string& name) const {
    directory::record_buffer buffer;
    directory::account_entry entry;
    switch (directory::find_account({accounts_.c_str(), 0, directory::file_kind::accounts}, name, buffer, entry)) {
      case directory::status::found:
        return {account_answer::present, entry.id, std::string(entry.home)};
      case directory::status::not_found:
        return {account_answer::absent};
      default:
        return {account_answer::unreadable};
    }
  }

  shadow_answer find_shadow(const std::string& name) const {
    directory::record_buffer buffer;
    directory::shadow_entry entry;
    switch (directory::find_shadow({shadow_.c_str(), 0, directory::file_kind::shadow}, name, buffer, entry)) {
      case directory::status::found:
        break;
      case directory::status::not_found:
        return {shadow_answer::absent};
      default:
        return {shadow_answer::unreadable};
    }
    const bool is_locked = entry.hash.starts_with('!');
    return {shadow_answer::present, std::string(entry.hash.substr(is_locked ? 1 : 0)), is_locked};
  }

 private:
  const std::string accounts_;
  const std::string shadow_;
};

// Whether getpwnam(3) asks libnss_heberg here.
bool nss_has_heberg() {
  std::ifstream file("/etc/nsswitch.conf");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("passwd:") && line.find("heberg") != line.npos) return true;
  }
  return false;
}

account_answer ask_nss(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[16 * 1024];
  if (::getpwnam_r(name.c_str(), &entry, buffer, sizeof buffer, &found) != 0) return {account_answer::unreadable};
  if (found == nullptr) return {account_answer::absent};
  return {account_answer::present, found->pw_uid, found->pw_dir};
}

// The end of the site's access.log, read as root reads below a tree.
std::string end_of_access_log(int root, const std::string& site) {
  constexpr off_t k_most = 256 * 1024;
  const auto path = site + "/" + tree::k_logs_folder + "/access.log";
  const unique_fd file = open_beneath(root, path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  std::string text(static_cast<std::size_t>(std::min<off_t>(status.st_size, k_most)), '\0');
  const auto size = ::pread(file.get(), text.data(), text.size(), status.st_size - static_cast<off_t>(text.size()));
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

class gatherer {
 public:
  gatherer(const settings& settings, const check_options& options)
      : settings_(settings), options_(options), directory_(settings), asks_nss_(nss_has_heberg()) {}

  facts run() {
    if (options_.status) take_status(facts_.host, *options_.status);
    open_trees();
    ask_engine();
    auto rows = ledger::read_sites(settings_.state_dir);
    find_unknown(rows);
    facts_.host.has_proxy = fetch_status(settings_, "heberg-check.invalid") != 0;
    if (!options_.site.empty()) std::erase_if(rows, [&](const auto& row) { return row.name != options_.site; });
    for (auto& row : rows) look_at(std::move(row), rows.size());
    look_at_logs();
    try {
      look_at_forwarding();
    } catch (const sqlite::error& error) {
      facts_.host.logs_problem = error.what();
    }
    look_at_proxy();
    list_certificates();
    return std::move(facts_);
  }

 private:
  void open_trees() {
    try {
      root_ = open_root(settings_);
      trees_.emplace(root_, settings_.sites.root, owners_);
    } catch (const std::exception& error) {
      facts_.host.root_problem = error.what();
    }
  }

  void ask_engine() {
    const site::classifier classifier({.root = settings_.sites.host_root, .images = settings_.sites.images});
    try {
      for (auto& [id, container] : docker::fetch_containers({.host = settings_.docker.host})) {
        auto verdict = classifier.classify(container);
        if (const auto* claim = std::get_if<site::claim>(&verdict)) containers_[claim->site].push_back(container);
      }
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

  void look_at(ledger::site row, std::size_t count) {
    site_facts site;
    const auto name = row.name;
    site.home = settings_.sites.root + "/" + name;
    site.directory = directory_.find_account(name);
    if (asks_nss_) site.nss = ask_nss(name);
    site.shadow = directory_.find_shadow(name);
    if (const auto found = containers_.find(name); found != containers_.end()) site.containers = found->second;
    if (trees_ && !row.is_retired()) {
      if (options_.fix) (void)trees_->repair(name, row.uid);
      site.tree = trees_->inspect(name, row.uid);
      if (count <= k_hashes_most) site.password_holds = try_password(row);
    }
    if (facts_.host.has_proxy && !row.is_retired()) ask_addresses(site, name);
    if (settings_.logs.enabled && root_ != nullptr && !row.is_retired()) ask_logs(site);
    site.row = std::move(row);
    facts_.sites.push_back(std::move(site));
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

  // One request to each plain host name of a site that runs, which its own access.log will show.
  void ask_addresses(site_facts& site, const std::string& name) {
    std::set<std::string> hosts;
    bool is_up = false;
    for (const auto& container : site.containers) {
      is_up = is_up || container.state == docker::container_state::running;
      const auto wanted = site::virtual_hosts(container);
      if (const auto* all = std::get_if<std::vector<site::host>>(&wanted)) {
        for (const auto& host : *all) {
          if (host.kind == site::host_kind::name) hosts.insert(host.text);
        }
      }
    }
    if (!is_up) return;
    for (const auto& host : hosts) {
      const auto token = random_hex(12);
      const auto status = fetch_status(settings_, host, "/?heberg-check=" + token);
      site.addresses.push_back({.host = host, .status = status, .is_in_its_log = {}});
      // A redirect may be the proxy's own; where it does not reach the site, no log has it either.
      const bool is_the_sites = status != 0 && (status < 300 || status >= 400) && status < 502;
      if (is_the_sites && settings_.logs.enabled && root_ != nullptr)
        awaited_.push_back({facts_.sites.size(), site.addresses.size() - 1, name, token});
    }
  }

  // Together, at the end: all requests have had their time by then.
  void look_at_logs() {
    const auto end = std::chrono::steady_clock::now() + k_log_patience;
    for (;;) {
      std::erase_if(awaited_, [this](const awaited_line& line) {
        if (end_of_access_log(root_->get(), line.site).find(line.token) == std::string::npos) return false;
        facts_.sites[line.in_sites].addresses[line.in_addresses].is_in_its_log = true;
        return true;
      });
      if (awaited_.empty() || std::chrono::steady_clock::now() > end) break;
      std::this_thread::sleep_for(100ms);
    }
    for (const auto& line : awaited_) facts_.sites[line.in_sites].addresses[line.in_addresses].is_in_its_log = false;
  }

  // What the engine has of each log now; whether it is in the files is looked at when there was time for it.
  void ask_logs(site_facts& site) {
    for (const auto& container : site.containers) {
      if (!container.inspected) continue;
      auto log = fetch_last_lines(settings_.docker.host, container.id, container.tty);
      if (log.problem.empty() && !log.last) continue;
      site.logs.push_back({.container = container.name, .problem = std::move(log.problem)});
      if (log.last) forwarded_.push_back({facts_.sites.size(), site.logs.size() - 1, container.id, *log.last});
    }
  }

  void look_at_forwarding() {
    const auto end = std::chrono::steady_clock::now() + k_log_patience;
    for (;;) {
      const bool is_last = std::chrono::steady_clock::now() > end;
      const auto known = read_log_positions(settings_);
      std::erase_if(forwarded_, [&](const forwarded_log& log) {
        auto& site = facts_.sites[log.in_sites];
        const auto written = are_written(log.last, log.container, site.row.name, root_->get(), known);
        if (written[0] && written[1]) return true;
        for (const auto stream : logs::k_log_streams) {
          if (is_last && !written[logs::index_of(stream)])
            site.logs[log.in_logs].behind.emplace_back(logs::log_name(stream));
        }
        return false;
      });
      if (forwarded_.empty() || is_last) return;
      std::this_thread::sleep_for(100ms);
    }
  }

  // To the engine a container that got a signal through it was stopped by hand: with another policy an nginx that ends
  // later stays down (docs/decisions/0008).
  void look_at_proxy() {
    constexpr std::string_view k_by_container = "container:";
    const std::string_view reload = settings_.proxy.reload;
    if (!reload.starts_with(k_by_container)) return;
    const std::string name(reload.substr(k_by_container.size()));
    if (!docker::is_object_name(name)) return;
    const auto answer = docker::call(settings_.docker.host, docker::method::get, "/containers/" + name + "/json");
    if (answer.status == 404) {
      facts_.host.proxy_problem = "there is no container " + name + ", which proxy.reload names";
    } else if (answer.is_good()) {
      using json_fields::field;
      const auto document = parse_json(answer.body);
      const auto policy = json_fields::text(field(field(document, "HostConfig"), "RestartPolicy"), "Name");
      if (policy != "always") {
        facts_.host.proxy_problem = "container " + name + " has the restart policy " +
                                    (policy.empty() ? "no" : policy) + ", not always: an nginx that ends stays down";
      }
    }
  }

  static std::optional<std::string> read_file(const fs::path& path) {
    constexpr std::uintmax_t k_most = 1 << 20;
    std::error_code error;
    if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > k_most || error) return std::nullopt;
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  void list_certificates() {
    std::error_code error;
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(settings_.proxy.certs, error)) {
      if (entry.path().extension() == ".crt") paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    for (const auto& path : paths) {
      certificate_facts found{.name = path.stem().string(), .problem = {}, .end = {}};
      const auto certificate = read_file(path);
      const auto key = read_file(fs::path(path).replace_extension(".key"));
      if (!certificate) {
        found.problem = "cannot be read";
      } else if (!key) {
        found.problem = "its key cannot be read";
      } else {
        found.problem = explain_key_pair(*certificate, *key);
        found.end = certificate_end(*certificate);
      }
      facts_.host.certificates.push_back(std::move(found));
    }
  }

  struct awaited_line {
    std::size_t in_sites;
    std::size_t in_addresses;
    std::string site;
    std::string token;
  };

  struct forwarded_log {
    std::size_t in_sites;
    std::size_t in_logs;
    std::string container;
    last_stamps last;
  };

  const settings& settings_;
  const check_options& options_;
  const directory_files directory_;
  const bool asks_nss_;
  tree::ownership owners_;
  tree::shared_fd root_;
  std::optional<tree::site_trees> trees_;
  std::map<std::string, std::vector<docker::container>> containers_;  // by site
  std::vector<awaited_line> awaited_;
  std::vector<forwarded_log> forwarded_;
  facts facts_;
};

}  // namespace

facts gather_facts(const settings& settings, const check_options& options) {
  return gatherer(settings, options).run();
}

}  // namespace heberg::ctl
