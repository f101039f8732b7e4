// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile/reconcile.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

syncd::time at(std::chrono::milliseconds since) {
  return syncd::time(since);
}

site::site_container make_container(std::string site, int created = 1, std::string id = "c1") {
  site::site_container container;
  container.site = std::move(site);
  container.container_id = std::move(id);
  container.gecos = container.site + ".test";
  container.created = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(created));
  container.up = true;
  return container;
}

// The world of one test: what the host answers, and the rows, which each run moves on.
struct world {
  site_rows rows;
  tree::site_owners trees;
  ledger::spent_uids spent;
  std::map<std::string, std::string> foreign;
  account_rules rules{.uids = {20000, 20003}, .retire_after = 5s};
  std::map<std::string, std::string> last_refusals;
  int queries_allowed = 1'000'000;
  int tree_scans = 0;

  changes run(const std::vector<site::site_container>& containers, syncd::time now) {
    const host_queries queries{.owners_of_trees = [this]() -> const tree::site_owners& { return ++tree_scans, trees; },
                               .spent_uids = [this] { return spent; },
                               .explain_foreign =
                                   [this](const std::string& site, std::uint32_t uid) {
                                     if (const auto found = foreign.find(site); found != foreign.end())
                                       return found->second;
                                     const auto by_uid = foreign.find(std::to_string(uid));
                                     return by_uid == foreign.end() ? std::string() : by_uid->second;
                                   },
                               .has_time = [this] { return queries_allowed-- > 0; },
                               .last_refusal = [this](const std::string& site) { return last_refusals[site]; }};
    auto result = reconcile(put_in_order(containers), rows, now, rules, queries);
    for (const auto& row : result.rows) rows[row.name] = row;
    return result;
  }

  std::uint32_t uid(const std::string& site) const { return rows.at(site).uid; }
};

}  // namespace

TEST_CASE("a new site never gets the UID of a purged site, whatever the owner of its tree") {
  world w;
  w.spent = {{20000, "gone"}, {20001, "back"}};
  w.trees["thief"] = {20000, 20000};
  w.trees["back"] = {20001, 20001};
  const auto result = w.run({make_container("thief"), make_container("back"), make_container("new")}, at(7ms));
  CHECK(w.uid("back") == 20001);  // its own
  CHECK(w.uid("new") == 20002);
  CHECK(w.uid("thief") == 20003);
  CHECK(std::ranges::any_of(result.events, [](const auto& event) {
    return event.site == "thief" && event.text.find("it was that of gone, which is purged") != std::string::npos;
  }));
}

TEST_CASE("a UID is not given while a folder beside the trees has it, but to the site of that folder") {
  const auto leftover = GENERATE(".gone.archived", ".gone.purged", ".gone.incoming", ".gone.restore");
  world w;
  w.trees[leftover] = {20000, 20000};
  w.run({make_container("new")}, at(7ms));
  CHECK(w.uid("new") == 20001);
  w.trees["gone"] = {20000, 20000};
  w.run({make_container("new"), make_container("gone")}, at(8ms));
  CHECK(w.uid("gone") == 20000);
}

TEST_CASE("a new site gets a row with the next UID, its host as gecos and its creation time") {
  world w;
  const auto result = w.run({make_container("a")}, at(7ms));
  REQUIRE(result.rows.size() == 1);
  ledger::site expected;
  expected.name = "a";
  expected.uid = 20000;
  expected.gecos = "a.test";
  expected.created_at = at(7ms);
  CHECK(result.rows[0] == expected);
  CHECK(result.appeared == std::vector<std::string>{"a"});
  CHECK(result.refused.empty());
  CHECK_FALSE(result.next);
}

TEST_CASE("running it again on its own result changes nothing") {
  world w;
  w.run({make_container("a"), make_container("b")}, at(1ms));
  const auto again = w.run({make_container("a"), make_container("b")}, at(2ms));
  CHECK(again.rows.empty());
  CHECK(again.events.empty());
  CHECK(again.appeared.empty());
  CHECK(w.tree_scans == 1);
}

TEST_CASE("sites get their UIDs in the order of their containers' creation") {
  world w;
  w.run({make_container("a", 3), make_container("b", 2), make_container("c", 1)}, at(1ms));
  CHECK(w.uid("c") == 20000);
  CHECK(w.uid("b") == 20001);
  CHECK(w.uid("a") == 20002);
}

TEST_CASE("a site on Docker's default network is warned of when its account is made, and not again") {
  world w;
  auto container = make_container("a");
  container.networks = {"bridge"};
  const auto result = w.run({container, make_container("b")}, at(1ms));
  std::vector<std::string> warned;
  for (const auto& event : result.events) {
    if (event.weight == level::warning) warned.push_back(event.site);
  }
  CHECK(warned == std::vector<std::string>{"a"});
  CHECK(w.run({container, make_container("b")}, at(2ms)).events.empty());
}

TEST_CASE("a new site takes over the owner of its www folder") {
  world w;
  w.trees["a"].www = 20002;
  const auto result = w.run({make_container("a")}, at(1ms));
  CHECK(w.uid("a") == 20002);
  CHECK_THAT(result.events.at(0).text, Contains("taken over"));
}

TEST_CASE("an owner that two trees have is taken over by neither, and both are reported") {
  world w;
  w.trees = {{"a", {20001, {}}}, {"b", {20001, {}}}};
  const auto result = w.run({make_container("a", 1), make_container("b", 2)}, at(1ms));
  CHECK(w.uid("a") == 20002);
  CHECK(w.uid("b") == 20003);
  std::vector<std::string> warnings;
  for (const auto& event : result.events) {
    if (event.weight == level::warning) warnings.push_back(event.site + ": " + event.text);
  }
  CHECK(warnings ==
        std::vector<std::string>{"a: its www folder belongs to uid 20001, which is not taken over: so does b's",
                                 "b: its www folder belongs to uid 20001, which is not taken over: so does a's"});
}

TEST_CASE("an owner out of range, or with another site, is not taken over") {
  world w;
  w.trees["a"].www = 33;
  w.run({make_container("a")}, at(1ms));
  CHECK(w.uid("a") == 20000);
  w.trees["b"].www = 20000;
  w.run({make_container("a"), make_container("b")}, at(1ms));
  CHECK(w.uid("b") == 20001);
}

TEST_CASE("a UID that a tree has is not given to a site that is served before it") {
  world w;
  w.trees["late"].www = 20000;
  w.run({make_container("early", 1), make_container("late", 2)}, at(1ms));
  CHECK(w.uid("late") == 20000);
  CHECK(w.uid("early") == 20001);
}

TEST_CASE("a lost ledger gives no tree's UID to a new site") {
  world w;
  w.trees = {{"x", {20000, {}}}, {"y", {{}, 20001}}};
  w.run({make_container("new")}, at(1ms));
  CHECK(w.uid("new") == 20002);
}

TEST_CASE("without a free UID the site is refused and all others are served") {
  world w;
  w.run({make_container("a", 1), make_container("b", 2), make_container("c", 3), make_container("d", 4)}, at(1ms));
  const auto result =
      w.run({make_container("a"), make_container("b"), make_container("c"), make_container("d"), make_container("e")},
            at(2ms));
  CHECK_THAT(result.refused.at("e"), Contains("no UID is left") && Contains("20000") && Contains("20003"));
  CHECK(w.rows.size() == 4);
}

TEST_CASE("a removed site's UID is not given to another one") {
  world w;
  w.run({make_container("a")}, at(0ms));
  w.run({}, at(1ms));
  w.run({}, at(6s));
  REQUIRE(w.rows.at("a").is_retired());
  w.run({make_container("b")}, at(7s));
  CHECK(w.uid("b") == 20001);
}

TEST_CASE("a name or a UID that another source knows is refused, and its UID stays free for others") {
  world w;
  w.foreign["bob"] = "somebody else's";
  const auto result = w.run({make_container("bob", 1), make_container("a", 2)}, at(1ms));
  CHECK(result.refused.at("bob") == "somebody else's");
  CHECK_FALSE(w.rows.contains("bob"));
  CHECK(w.uid("a") == 20000);
}

TEST_CASE("a site without a container is missing first, and retired after retire_after") {
  world w;
  w.run({make_container("a")}, at(0ms));
  const auto missing = w.run({}, at(1s));
  CHECK(w.rows.at("a").missing_since == at(1s));
  CHECK_FALSE(w.rows.at("a").is_retired());
  CHECK(missing.next == at(6s));

  CHECK(w.run({}, at(5999ms)).rows.empty());
  const auto retired = w.run({}, at(6s));
  CHECK(w.rows.at("a").retired_at == at(6s));
  CHECK_FALSE(retired.next);
  CHECK(w.run({}, at(7s)).rows.empty());
}

TEST_CASE("a redeploy within retire_after leaves no trace") {
  world w;
  w.run({make_container("a")}, at(0ms));
  w.run({}, at(1s));
  const auto back = w.run({make_container("a", 9, "c2")}, at(2s));
  CHECK_FALSE(w.rows.at("a").missing_since);
  CHECK(back.events.empty());
}

TEST_CASE("a retired site comes back with its UID, its hash and its lock") {
  world w;
  w.run({make_container("a")}, at(0ms));
  w.rows.at("a").hash = "$y$kept";
  w.rows.at("a").locked_at = at(1ms);
  w.run({}, at(1s));
  w.run({}, at(10s));
  w.run({make_container("b")}, at(11s));
  const auto back = w.run({make_container("a"), make_container("b")}, at(12s));
  const auto& row = w.rows.at("a");
  CHECK(row.uid == 20000);
  CHECK(row.hash == "$y$kept");
  CHECK(row.is_locked());
  CHECK_FALSE(row.is_retired());
  CHECK_FALSE(row.missing_since);
  CHECK(back.appeared == std::vector<std::string>{"a"});
}

TEST_CASE("a site whose name became somebody else's while it was away stays retired") {
  world w;
  w.run({make_container("a")}, at(0ms));
  w.run({}, at(1s));
  w.run({}, at(10s));
  w.foreign["a"] = "taken";
  const auto result = w.run({make_container("a")}, at(11s));
  CHECK(result.refused.at("a") == "taken");
  CHECK(w.rows.at("a").is_retired());
}

TEST_CASE("the account lives while one of several containers exists, and the oldest one speaks for it") {
  world w;
  auto older = make_container("a", 1, "c2");
  older.gecos = "old.test";
  w.run({make_container("a", 2, "c1"), older}, at(0ms));
  CHECK(w.rows.at("a").gecos == "old.test");
  CHECK(w.run({make_container("a", 2, "c1")}, at(1s)).rows.size() == 1);
  CHECK(w.rows.at("a").gecos == "a.test");
  CHECK_FALSE(w.rows.at("a").missing_since);
}

TEST_CASE("of two containers created in the same instant the lower id speaks") {
  world w;
  auto first = make_container("a", 1, "c1");
  first.gecos = "first.test";
  w.run({make_container("a", 1, "c2"), first}, at(0ms));
  CHECK(w.rows.at("a").gecos == "first.test");
}

TEST_CASE("a clock set back does not keep an account for ever") {
  world w;
  w.run({make_container("a")}, at(100s));
  w.run({}, at(101s));
  w.run({}, at(10s));
  CHECK(w.rows.at("a").missing_since == at(10s));
  w.run({}, at(15s));
  CHECK(w.rows.at("a").is_retired());
}

TEST_CASE("with retire_after of nothing a site is retired at once") {
  world w;
  w.rules.retire_after = 0ms;
  w.run({make_container("a")}, at(0ms));
  w.run({}, at(1s));
  CHECK(w.rows.at("a").is_retired());
}

TEST_CASE("a container that could not be inspected keeps an account, makes none, and brings none back") {
  world w;
  auto dim = make_container("a");
  dim.inspected = false;
  dim.gecos.clear();
  CHECK(w.run({dim}, at(0ms)).rows.empty());
  w.run({make_container("a")}, at(1ms));
  CHECK(w.run({dim}, at(1h)).rows.empty());
  CHECK(w.rows.at("a").gecos == "a.test");
  w.run({}, at(2h));
  w.run({dim}, at(2h + 1s));
  CHECK_FALSE(w.rows.at("a").missing_since);
  w.run({}, at(3h));
  w.run({}, at(4h));
  REQUIRE(w.rows.at("a").is_retired());
  CHECK(w.run({dim}, at(5h)).rows.empty());
}

TEST_CASE("an inspected container speaks before an older one that could not be inspected") {
  world w;
  auto dim = make_container("a", 1, "c1");
  dim.inspected = false;
  w.run({dim, make_container("a", 2, "c2")}, at(0ms));
  CHECK(w.rows.at("a").gecos == "a.test");
}

TEST_CASE("where other sources of names are slow, new sites are served some at a time") {
  world w;
  w.queries_allowed = 2;
  const std::vector<site::site_container> containers{make_container("a", 1), make_container("b", 2),
                                                     make_container("c", 3)};
  CHECK(w.run(containers, at(0ms)).is_unfinished);
  CHECK(w.rows.size() == 2);
  w.queries_allowed = 2;
  CHECK_FALSE(w.run(containers, at(1ms)).is_unfinished);
  CHECK(w.uid("a") == 20000);
  CHECK(w.uid("b") == 20001);
  CHECK(w.uid("c") == 20002);
}

TEST_CASE("without time for it, a UID that a tree has still goes to no other site") {
  world w;
  w.trees["late"].www = 20000;
  const std::vector<site::site_container> containers{make_container("early", 1), make_container("late", 2)};
  w.queries_allowed = 0;
  CHECK(w.run(containers, at(0ms)).rows.empty());
  w.queries_allowed = 2;
  w.run(containers, at(1ms));
  CHECK(w.uid("late") == 20000);
  CHECK(w.uid("early") == 20001);
}

TEST_CASE("sites that were refused before do not take the time of new ones, and keep their reason") {
  world w;
  w.foreign["a"] = w.last_refusals["a"] = "taken";
  w.queries_allowed = 1;
  const auto result = w.run({make_container("a", 1), make_container("b", 2)}, at(0ms));
  CHECK(w.rows.contains("b"));
  CHECK(result.refused.at("a") == "taken");
  CHECK_FALSE(result.is_unfinished);
}
