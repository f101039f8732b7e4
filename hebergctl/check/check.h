// SPDX-License-Identifier: LGPL-2.1-or-later
// What `hebergctl check` proves: from what was seen of a site to what is wrong with it. Pure; what is seen is gathered
// in check_facts.h.
#pragma once

#include "docker/container.h"
#include "ledger/ledger.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace heberg::ctl {

enum class severity { note, warning, error };  // a note changes no exit code

struct finding {
  std::string site;     // empty: of the host
  std::string subject;  // "tree", "account", "container", "address", "logs", "certificate", "engine", "proxy",
                        // "syncd"
  severity weight = severity::error;
  std::string text;
  std::string remedy = {};
  bool operator==(const finding&) const = default;
};

// What a source of accounts says of a name.
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
  unsigned status = 0;                // HTTP's; 0: nothing answers there
  std::optional<bool> is_in_its_log;  // whether the site itself was seen to answer; empty: not tried
};

struct log_state {
  std::string container;
  std::string problem;                // the engine's words, where it cannot read the container's log
  std::vector<std::string> behind{};  // "access.log": the engine's last line is not in it, though there was time
};

struct site_facts {
  ledger::site row;
  std::string home;               // as it should be
  std::vector<std::string> tree;  // what is wrong with it, a sentence each
  account_answer directory;
  account_answer nss;  // untried where nsswitch.conf does not name heberg
  shadow_answer shadow;
  std::optional<bool> password_holds;  // its file's password is its hash's; empty: not tried
  std::vector<docker::container> containers;
  std::vector<address_answer> addresses;  // empty where no proxy is within reach
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
  std::map<std::string, std::string> refused;  // who -> why; syncd's
  std::string root_problem;
  std::string engine_problem;              // why it could not be asked; empty: it was
  bool has_proxy = false;                  // within reach
  std::string logs_problem;                // why it cannot be told how far the logs are; empty: it was
  std::string proxy_problem;               // of nginx's container, where that is told to reload
  std::vector<std::string> unknown_sites;  // sites of containers that the ledger has no row for
  std::vector<certificate_facts> certificates;
};

[[nodiscard]] std::vector<finding> check_host(const host_facts& host, std::chrono::system_clock::time_point now);

// The worst of them. Empty: nothing but notes.
[[nodiscard]] std::optional<severity> worst_of(std::span<const finding> findings);

// A line each, and a last one that counts; and one JSON document.
[[nodiscard]] std::string print_findings(std::span<const finding> findings, std::size_t sites);
[[nodiscard]] std::string print_json(std::span<const finding> findings, std::size_t sites);

}  // namespace heberg::ctl
