// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/check/check.h"

#include <catch2/catch.hpp>

#include <functional>

using namespace heberg;
using namespace heberg::ctl;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

const auto k_now = std::chrono::system_clock::time_point(std::chrono::hours(24 * 365 * 56));

docker::container make_container() {
  docker::container c;
  c.name = "web";
  c.state = docker::container_state::running;
  c.started = std::chrono::time_point_cast<std::chrono::nanoseconds>(k_now - 1h);
  c.user = "20001:20001";
  return c;
}

site_facts make_site() {
  site_facts site;
  site.row.name = "a";
  site.row.uid = 20001;
  site.row.hash = "$y$hash";
  site.row.origin = ledger::hash_origin::password;
  site.home = "/sites/a";
  site.directory = {account_answer::present, 20001, "/sites/a"};
  site.nss = site.directory;
  site.shadow = {shadow_answer::present, "$y$hash", false};
  site.password_holds = true;
  site.containers = {make_container()};
  site.addresses = {{.host = "a.test", .status = 200, .is_in_its_log = true}};
  return site;
}

host_facts make_host() {
  host_facts host;
  host.syncd_answers = host.is_connected = host.has_proxy = true;
  return host;
}

}  // namespace

TEST_CASE("a site that uses 80 % of its quota is a warning, one that uses all of it an error") {
  auto site = make_site();
  for (const auto& [share, weight] :
       {std::pair(79U, severity::note), std::pair(80U, severity::warning), std::pair(100U, severity::error)}) {
    INFO(share);
    site.disk_share = share;
    site.disk_text = "4 GiB of 5 GiB, 9 files";
    const auto found = check_site(site, k_now);
    REQUIRE(found.size() == (share < 80 ? 0 : 1));
    if (found.empty()) continue;
    CHECK(found[0].subject == "disk");
    CHECK(found[0].weight == weight);
    CHECK(found[0].text.find("it uses 4 GiB of 5 GiB") == 0);
  }
}

TEST_CASE("what the host does not hold back is a warning, with its command") {
  auto host = make_host();
  host.missing_protection = {{"/sites is mounted without nodev", "mount -o remount,nodev /sites"}};
  const auto found = check_host(host, {});
  REQUIRE(found.size() == 1);
  CHECK(found[0] ==
        finding{"", "host", severity::warning, "/sites is mounted without nodev", "mount -o remount,nodev /sites"});
}

TEST_CASE("a site without a problem has no finding, and neither has its host") {
  CHECK(check_site(make_site(), k_now).empty());
  CHECK(check_host(make_host(), k_now).empty());
  CHECK_FALSE(worst_of({}));
}

TEST_CASE("each problem of a site is one finding, with its subject and severity") {
  struct row {
    const char* subject;
    severity weight;
    const char* text;
    std::function<void(site_facts&)> breaks;
  };
  const row rows[] = {
      {"tree", severity::error, "has mode", [](auto& s) { s.tree = {"/sites/a/logs has mode 0777"}; }},
      {"account", severity::error, "accounts.cdb does not have the account",
       [](auto& s) { s.directory = {account_answer::absent}; }},
      {"account", severity::error, "accounts.cdb cannot be read",
       [](auto& s) { s.directory = {account_answer::unreadable}; }},
      {"account", severity::error, "NSS on this host has UID 7, the ledger has 20001", [](auto& s) { s.nss.uid = 7; }},
      {"account", severity::error, "home /elsewhere", [](auto& s) { s.directory.home = "/elsewhere"; }},
      {"account", severity::error, "shadow.cdb does not have the account",
       [](auto& s) { s.shadow = {shadow_answer::absent}; }},
      {"account", severity::error, "different hashes", [](auto& s) { s.shadow.hash = "$y$other"; }},
      {"account", severity::error, "shadow.cdb allows logins", [](auto& s) { s.row.locked_at.emplace(); }},
      {"account", severity::error, "locked in shadow.cdb, but the site is not",
       [](auto& s) { s.shadow.is_locked = true; }},
      {"account", severity::error, "is refused", [](auto& s) { s.row.origin = ledger::hash_origin::refused; }},
      {"account", severity::warning, "not read the password yet",
       [](auto& s) { s.row.origin = ledger::hash_origin::none; }},
      {"account", severity::error, "does not match the hash", [](auto& s) { s.password_holds = false; }},
      {"logs", severity::error, "error.log lacks the last lines of container web",
       [](auto& s) { s.logs = {{.container = "web", .problem = {}, .behind = {"error.log"}}}; }},
      {"logs", severity::warning, "cannot read the log of container web",
       [](auto& s) { s.logs = {{.container = "web", .problem = "no reading", .behind = {}}}; }},
      {"container", severity::error, "no container of this site", [](auto& s) { s.containers.clear(); }},
      {"container", severity::error, "is not running",
       [](auto& s) { s.containers[0].state = docker::container_state::exited; }},
      {"container", severity::error, "is paused",
       [](auto& s) { s.containers[0].state = docker::container_state::paused; }},
      {"container", severity::error, "is down",
       [](auto& s) { s.containers[0].state = docker::container_state::restarting; }},
      {"container", severity::error, "restarted it 3 times",  // up for the moment
       [](auto& s) {
         s.containers[0].restarts = 3;
         s.containers[0].started = std::chrono::time_point_cast<std::chrono::nanoseconds>(k_now - 10s);
       }},
      {"container", severity::error, "unhealthy", [](auto& s) { s.containers[0].health = docker::health::unhealthy; }},
      {"container", severity::error, "PHP may run as root",
       [](auto& s) {
         s.containers[0].environment = {{"APACHE_RUN_USER", "#20001"}};
       }},
      {"container", severity::warning, "starts as root", [](auto& s) { s.containers[0].user = ""; }},
      {"container", severity::warning, "starts as root", [](auto& s) { s.containers[0].user = "0:20001"; }},
      {"container", severity::warning, "on a network", [](auto& s) { s.shared_network = "it is on a network"; }},
      {"address", severity::error, "does not answer", [](auto& s) { s.addresses[0].status = 0; }},
      {"address", severity::error, "answers 503", [](auto& s) { s.addresses[0].status = 503; }},
      {"address", severity::warning, "answers 500", [](auto& s) { s.addresses[0].status = 500; }},
      {"logs", severity::error, "is missing in access.log", [](auto& s) { s.addresses[0].is_in_its_log = false; }},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    auto site = make_site();
    row.breaks(site);
    const auto found = check_site(site, k_now);
    REQUIRE(found.size() == 1);
    CHECK(found[0].site == "a");
    CHECK(found[0].subject == row.subject);
    CHECK(found[0].weight == row.weight);
    CHECK_THAT(found[0].text, Contains(row.text));
  }
}

TEST_CASE(
    "a container that was restarted often, but long ago, is no finding, and neither is an address that was not tried") {
  auto site = make_site();
  site.containers[0].restarts = 40;
  site.addresses[0].is_in_its_log.reset();
  site.nss = {account_answer::untried};
  site.password_holds.reset();
  CHECK(check_site(site, k_now).empty());
}

TEST_CASE("a retired site must have no account, and nothing else of it is checked") {
  auto site = make_site();
  site.row.retired_at.emplace();
  CHECK(check_site(site, k_now).size() == 3);
  site.directory = site.nss = {account_answer::absent};
  site.shadow = {shadow_answer::absent};
  site.containers.clear();
  site.tree = {"is missing"};
  CHECK(check_site(site, k_now).empty());
}

TEST_CASE("what is wrong with the host is reported, and a name that syncd has refused is reported once") {
  auto host = make_host();
  host.is_connected = false;
  host.publishing_fails = true;
  host.root_problem = "/sites is writable by its group";
  host.refused = {{"b", "no account: the name is taken"}};
  host.unknown_sites = {"b", "c"};
  host.logs_problem = "logs.db: cannot be read";
  host.not_isolated = {{"container d", "it is on the host's network"}};
  host.watch_problem = "Too many open files";
  host.proxy_problem = "container nginx has the restart policy no";
  std::vector<std::string> texts;
  for (const auto& found : check_host(host, k_now)) texts.push_back(found.text);
  CHECK(texts == std::vector<std::string>{
                     "heberg-syncd is not connected to Docker: accounts are not updated",
                     "heberg-syncd cannot write the account database", "b is refused: no account: the name is taken",
                     "container d is not isolated: it is on the host's network", "/sites is writable by its group",
                     "logs.db: cannot be read", "container nginx has the restart policy no",
                     "root gets no inotify(7) instance: Too many open files; password files and "
                     "the proxy's files are polled",
                     "a container belongs to site c, which has no account"});
  host = make_host();
  host.shared_networks = {"heberg-sites"};
  REQUIRE(check_host(host, k_now).size() == 1);
  CHECK(check_host(host, k_now)[0].weight == severity::note);
  host = make_host();
  host.syncd_answers = host.is_connected = host.has_proxy = false;
  const auto found = check_host(host, k_now);
  REQUIRE(found.size() == 2);
  CHECK_THAT(found[0].text, Contains("does not answer"));
  CHECK(found[1].weight == severity::note);
}

TEST_CASE("a certificate is reported when it cannot be used, has expired, or expires within 14 days") {
  auto host = make_host();
  const auto in = [](auto time) { return std::chrono::floor<std::chrono::seconds>(k_now + time); };
  const auto days = [](int n) { return std::chrono::days(n); };
  host.certificates = {{"good", "", in(days(14))},
                       {"soon", "", in(days(13) + 5h)},
                       {"ended", "", in(-1s)},
                       {"broken", "the key is not the certificate's", in(days(90))}};
  const auto found = check_host(host, k_now);
  REQUIRE(found.size() == 3);
  CHECK(found[0].text == "certificate soon expires in 13 days");
  CHECK(found[0].weight == severity::warning);
  CHECK(found[1].text == "certificate ended has expired");
  CHECK(found[1].weight == severity::error);
  CHECK(found[2].text == "certificate broken: the key is not the certificate's");
}

TEST_CASE("findings are printed a line each, free of control characters, and counted by severity") {
  const std::vector<finding> found = {{"", "address", severity::note, "not tried", ""},
                                      {"a", "tree", severity::error, "bad\033[2J\nname", "repair it"},
                                      {"a", "logs", severity::warning, "late", ""}};
  CHECK(print_findings(found, 1) ==
        "note     address: not tried\nerror    a: tree: bad\\x1b[2J\\x0aname  [repair it]\n"
        "warning  a: logs: late\n1 site: 1 error, 1 warning\n");
  CHECK(worst_of(found) == severity::error);
  CHECK(worst_of(std::vector<finding>{found[0], found[2]}) == severity::warning);
  CHECK_FALSE(worst_of(std::vector<finding>{found[0]}));
  CHECK_THAT(print_json(found, 1), Contains("\"errors\": 1") && Contains("\"site\": null"));
}
