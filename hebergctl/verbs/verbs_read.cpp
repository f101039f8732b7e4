// SPDX-License-Identifier: LGPL-2.1-or-later
// Read-only verbs: list, show, sessions, status, settings.
#include "hebergctl/command.h"
#include "hebergctl/print.h"
#include "hebergctl/session_details.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "json/parse.h"
#include "ledger/ledger.h"
#include "tree/host_protection.h"
#include "tree/keys.h"
#include "tree/sessions.h"
#include "tree/sites_root.h"

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <variant>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

constexpr char k_procs[] = "/proc";
// sshd's host keys are in the SFTP container's volume: where syncd's container mounts it, and where the engine keeps it
// on the host.
constexpr const char* k_host_keys[] = {"/etc/ssh/host_keys", "/var/lib/docker/volumes/heberg-sftp-keys/_data"};

std::string dump(const json& document) {
  return document.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

std::optional<std::chrono::seconds> age_of_directory(const settings& settings) {
  struct stat file {};
  if (::stat((settings.state_dir + "/directory/accounts.cdb").c_str(), &file) != 0) return std::nullopt;
  return std::chrono::seconds(std::max<time_t>(0, ::time(nullptr) - file.st_mtim.tv_sec));
}

// While syncd is down, the data may be old.
void warn_if_stale(const command& given, const settings& settings) {
  if (ask(given, {"status", ""}, on_no_answer::ignore)) return;
  const auto age = age_of_directory(settings);
  (void)fail(k_no_syncd, "warning: heberg-syncd does not answer" + hint_at_root() + ": this data is " +
                             (age ? print_age(*age) + " old" : "of unknown age: there is no account database"));
}

int list(const command& given) {
  const auto settings = load(given.common);
  const auto sites = ledger::read_sites(settings.state_dir);
  warn_if_stale(given, settings);
  return print(given.json ? print_json(sites) : print_table(sites));
}

int show(const command& given, const std::string& name) {
  const auto settings = load(given.common);
  const auto found = ledger::read_site(settings.state_dir, name);
  if (!found) return fail_no_site(name);
  warn_if_stale(given, settings);
  std::optional<disk_share> disk;
  try {
    disk = read_disk_share(settings, name);
  } catch (const std::exception&) {  // no tree, or not for this user to read: the row is shown all the same
  }
  if (!given.json)
    return print(print_site(*found, settings.sites.root) +
                 (disk ? "disk      " + print_disk_share(*disk) + "\n" : std::string()));
  auto document = parse_ordered_json(print_json(*found));
  document["disk"] = disk ? json{{"bytes", disk->use.bytes},
                                 {"files", disk->use.files},
                                 {"is_complete", disk->use.is_complete},
                                 {"bytes_limit", disk->limit.bytes},
                                 {"files_limit", disk->limit.files}}
                          : json(nullptr);
  return print(dump(document));
}

int sessions(const command& given, const std::string& name) {
  std::map<std::uint32_t, std::string> names;
  const auto settings = load(given.common);
  for (const auto& site : ledger::read_sites(settings.state_dir)) {
    if (name.empty() || site.name == name) names[site.uid] = site.name;
  }
  if (!name.empty() && names.empty()) return fail_no_site(name);
  std::set<std::uint32_t> uids;
  for (const auto& [uid, site] : names) uids.insert(uid);

  std::string problem;
  const auto sshd = find_sshd(settings.docker.host, problem);
  if (!problem.empty()) {
    (void)fail(k_failed, "sessions: " + problem +
                             ": which sshd is heberg-sftp's cannot be told, so a process of another container that "
                             "calls itself sshd is listed too");
  }
  std::vector<session_row> rows;
  for (const auto& session : tree::find_sessions(k_procs, uids, sshd)) {
    rows.push_back({.site = names.at(session.uid),
                    .process = session.process,
                    .since = started_at(k_procs, session.process),
                    .client = client_of(k_procs, session.process)});
  }
  std::ranges::sort(rows);
  return print(given.json ? print_json(rows) : print_table(rows));
}

json host_keys() {
  auto keys = json::array();
  for (const auto* folder : k_host_keys) {
    std::error_code error;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.path().extension() == ".pub") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    for (const auto& file : files) {
      std::string line;
      std::getline(std::ifstream(file), line);
      const auto parsed = tree::parse_public_key(line);
      if (const auto* key = std::get_if<tree::public_key>(&parsed))
        keys.push_back({{"type", key->type}, {"fingerprint", key->fingerprint}});
    }
    if (!keys.empty()) break;
  }
  return keys;
}

// Of the host, against what root in a site's container can make in its tree.
json missing_protection(const settings& settings) {
  auto missing = json::array();
  const auto root = tree::open_sites_root(settings.sites.root, tree::ownership(), tree::make_root::no);
  const auto* open = std::get_if<tree::shared_fd>(&root);
  if (open == nullptr) return missing;  // `hebergctl check` says why
  for (const auto& [text, remedy] : tree::find_missing_protection((*open)->get(), settings.sites.host_root))
    missing.push_back({{"text", text}, {"remedy", remedy}});
  return missing;
}

std::string print_status(const json& status) {
  const bool runs = status["syncd"].get<bool>();
  std::string text = std::string("syncd      ") + (runs ? "running" : "does not answer" + hint_at_root()) + "\n";
  if (runs) {
    text += std::string("docker     ") + (status["engine"].get<bool>() ? "connected" : "not connected") + "\n";
    text += "accounts   " + status["accounts"].dump() + ", refused " + status["refused"].dump() + "\n";
    if (status["publishing_fails"].get<bool>()) text += "database   cannot be written: see heberg-syncd's log\n";
    for (const auto& [who, why] : status["reasons"].items())
      text += "refused    " + who + ": " + why.get<std::string>() + "\n";
    for (const auto& [who, why] : status["network"].items())
      text += "network    " + who + " is not isolated: " + why.get<std::string>() + "\n";
  }
  const auto& age = status["directory_age"];
  text += "database   " + (age.is_null() ? "missing" : print_age(std::chrono::seconds(age.get<int>())) + " old") + "\n";
  for (const auto& key : status["host_keys"])
    text += "host key   " + key["fingerprint"].get<std::string>() + "  " + key["type"].get<std::string>() + "\n";
  for (const auto& missing : status["missing_protection"])
    text += "host       " + missing["text"].get<std::string>() + "  [" + missing["remedy"].get<std::string>() + "]\n";
  return text;
}

int status(const command& given) {
  const auto settings = load(given.common);
  const auto reply = ask(given, {"status", ""}, on_no_answer::ignore);
  json document = {{"syncd", reply.has_value()}};
  if (reply) {
    const auto data = parse_ordered_json(reply->data);
    for (const char* key : {"engine", "accounts", "refused", "publishing_fails", "reasons"}) {
      if (!data.is_object() || !data.contains(key))
        return fail(k_failed, "heberg-syncd has another version than hebergctl: restart it");
      document[key] = data[key];
    }
    document["network"] = data.contains("network") ? data["network"] : json::object();
  }
  const auto age = age_of_directory(settings);
  document["directory_age"] = age ? json(age->count()) : json(nullptr);
  document["host_keys"] = host_keys();
  document["missing_protection"] = missing_protection(settings);
  const int printed = print(given.json ? dump(document) : print_plain(print_status(document)));
  if (!reply) return k_no_syncd;
  const bool is_well = document["engine"] == true && document["publishing_fails"] == false;
  return is_well ? printed : k_failed;
}

}  // namespace

void add_list(subcommand& verb, command& given) {
  verb.runs(given, [&given] { return list(given); });
}

void add_show(subcommand& verb, command& given) {
  const auto site = std::make_shared<std::string>();
  verb.add("SITE", *site).required();
  verb.runs(given, [&given, site] { return show(given, *site); });
}

void add_sessions(subcommand& verb, command& given) {
  const auto site = std::make_shared<std::string>();
  verb.add("SITE", *site);
  verb.runs(given, [&given, site] { return sessions(given, *site); });
}

void add_status(subcommand& verb, command& given) {
  verb.runs(given, [&given] { return status(given); });
}

void add_settings(subcommand& verb, command& given) {
  verb.runs(given, [&given] {
    (void)load(given.common);
    return report(given, {control::failure::none, given.common.config + ": valid"});
  });
}

}  // namespace heberg::ctl
