// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/tree_visits.h"

#include "fake_host.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;

namespace {

struct visits_fixture {
  test::fake_host host;
  site_table sites;
  problem_log log{[this](level level, std::string_view text) { host.log(level, text); }};
  std::vector<std::string> visited;
  tree_visits trees{sites, host, host, log, [this](const std::string& site) { visited.push_back(site); }};

  ledger::site make_row(const std::string& name) {
    ledger::site row;
    row.name = name;
    row.uid = 20000;
    return row;
  }
};

}  // namespace

TEST_CASE_METHOD(visits_fixture, "each tree that was added is made once, below a safe root") {
  sites.load({make_row("a"), make_row("b")});
  trees.check_root();
  trees.add_all();
  trees.add("a");
  trees.visit_some();
  CHECK(visited == std::vector<std::string>{"a", "b"});
  CHECK(host.trees.size() == 2);
  CHECK(trees.is_idle());
  trees.visit_some();
  CHECK(visited.size() == 2);
}

TEST_CASE_METHOD(visits_fixture, "below an unsafe root, or for a row that the ledger does not have, no tree is made") {
  sites.load({make_row("a")});
  host.root_problem = "/sites is writable by its group";
  trees.check_root();
  CHECK_FALSE(trees.is_root_safe());
  trees.add_all();
  trees.visit_some();
  host.root_problem.clear();
  trees.check_root();
  sites.store(make_row("b"));
  trees.add("b");
  trees.add("unknown");
  trees.visit_some();
  CHECK(host.trees.empty());
  CHECK(visited.empty());
}

TEST_CASE_METHOD(visits_fixture, "a tree of a site whose container is missing is not made") {
  auto row = make_row("a");
  row.missing_since = ledger::time();
  sites.load({row});
  trees.check_root();
  trees.add_all();
  trees.visit_some();
  CHECK(host.trees.empty());
}

TEST_CASE_METHOD(visits_fixture, "an interrupted rename is finished as soon as the root is safe") {
  host.trees["old"] = 20000;
  host.moves.push_back({"old", "new"});
  host.root_problem = "/sites is writable by its group";
  trees.check_root();
  CHECK(host.trees.contains("old"));
  host.root_problem.clear();
  trees.check_root();
  CHECK(host.trees == std::map<std::string, std::uint32_t>{{"new", 20000}});
  CHECK(host.moves.empty());
}
