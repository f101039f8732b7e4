// SPDX-License-Identifier: LGPL-2.1-or-later
// `hebergctl check`: from the facts about a site to what is wrong with it. Pure. check_facts.h gathers the facts.
#pragma once

#include "docker/container.h"
#include "ledger/ledger.h"
#include "tree/host_protection.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace heberg::ctl {

enum class severity { note, warning, error };  // a note does not change the exit code

struct finding {
  std::string site;     // empty: of the host
  std::string subject;  // "tree", "account", "container", "address", "logs", "certificate", "engine", "proxy",
                        // "syncd", "network", "host"
  severity weight = severity::error;
  std::string text;
  std::string remedy = {};
  bool operator==(const finding&) const = default;
};

// What a source of accounts has for a name.
struct account_answer {
  enum { present, absent, unreadable, untried } what = untried;
  std::uint32_t uid = 0;
  std::string home = {};
};

struct shadow_answer {
  enum { present, absent, unreadable } what = unreadable;
  std::string hash = {};
  bool is_locked = false;
};

struct address_answer {
  std::string host;
  unsigned status = 0;                // HTTP's; 0: no answer
  std::optional<bool> is_in_its_log;  // whether the request reached the site's log; empty: not checked
};

struct log_state {
  std::string container;
  std::string problem;                // the engine's error, where it cannot read the container's log
  std::vector<std::string> behind{};  // "access.log": the engine's last line is missing in it
};

struct site_facts {
  ledger::site row;
  std::string home;               // the expected one
  std::vector<std::string> tree;  // its problems, a sentence each
  account_answer directory;
  account_answer nss;  // untried where nsswitch.conf does not name heberg
  shadow_answer shadow;
  std::optional<bool> password_holds;  // its file's password matches the hash; empty: not checked
  std::vector<docker::container> containers;
  std::string shared_network = {};        // the sentence about a network where others reach it; empty: there is none
  std::vector<address_answer> addresses;  // empty where no proxy is within reach
  std::optional<unsigned> disk_share;     // per cent of its quota; empty: it has none, or no tree
  std::string disk_text = {};             // what it uses, and of what
  std::vector<log_state> logs;            // empty where logs are not forwarded
};

[[nodiscard]] std::vector<finding> check_site(const site_facts& site, std::chrono::system_clock::time_point now);

struct certificate_facts {
  std::string name;
  std::string problem;  // why it cannot be used; empty: it can
  std::optional<std::chrono::sys_seconds> end;
};

struct host_facts {
  bool syncd_answers = false;
  bool is_connected = false;  // syncd with the engine
  bool publishing_fails = false;
  std::map<std::string, std::string> refused;       // who -> why; syncd's
  std::map<std::string, std::string> not_isolated;  // on the network: who -> why, and what to do; syncd's
  std::vector<std::string> shared_networks;         // with containers of several sites and the engine's DNS for them
  std::string root_problem;
  std::vector<tree::missing_protection> missing_protection;
  std::string engine_problem;   // why the containers could not be listed; empty: they were
  bool has_proxy = false;       // it can be reached from here
  std::string logs_problem;     // why the log positions could not be read; empty: they were
  std::string proxy_problem;    // of nginx's container; empty: none
  std::string watch_problem;    // why root gets no inotify(7) instance; empty: it does
  std::size_t old_workers = 0;  // of nginx, which finish what they serve
  std::size_t new_workers = 0;
  std::uint32_t max_generations = 0;       // of nginx's workers (proxy.max_generations)
  std::vector<std::string> unknown_sites;  // sites of containers that the ledger has no row for
  std::vector<certificate_facts> certificates;
};

[[nodiscard]] std::vector<finding> check_host(const host_facts& host, std::chrono::system_clock::time_point now);

// Empty: nothing but notes.
[[nodiscard]] std::optional<severity> worst_of(std::span<const finding> findings);

// A line each, and a last one with the counts; and one JSON document.
[[nodiscard]] std::string print_findings(std::span<const finding> findings, std::size_t sites);
[[nodiscard]] std::string print_json(std::span<const finding> findings, std::size_t sites);

}  // namespace heberg::ctl
