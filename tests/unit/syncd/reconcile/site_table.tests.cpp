// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile/site_table.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;

namespace {

ledger::site make_row(const std::string& name, bool is_retired = false) {
  ledger::site row;
  row.name = name;
  if (is_retired) row.retired_at = ledger::time();
  return row;
}

std::vector<std::string> unsaved_names(const site_table& sites) {
  std::vector<std::string> names;
  for (const auto& row : sites.unsaved()) names.push_back(row.name);
  return names;
}

}  // namespace

TEST_CASE("what was loaded is saved and active, what is new is neither until the ledger has it") {
  site_table sites;
  sites.load({make_row("a")});
  CHECK_FALSE(sites.has_unsaved());
  CHECK(sites.find_active("a") != nullptr);

  sites.store(make_row("b"));
  CHECK(sites.find("b") != nullptr);
  CHECK(sites.find_active("b") == nullptr);
  CHECK(unsaved_names(sites) == std::vector<std::string>{"b"});
  sites.mark_saved();
  CHECK(sites.find_active("b") != nullptr);
  CHECK_FALSE(sites.has_unsaved());
}

TEST_CASE("a changed row is unsaved, and stays active meanwhile") {
  site_table sites;
  sites.load({make_row("a"), make_row("b")});
  sites.store(make_row("b"));
  CHECK(sites.is_unsaved("b"));
  CHECK_FALSE(sites.is_unsaved("a"));
  CHECK(sites.find_active("b") != nullptr);
}

TEST_CASE("a retired site is neither active nor an account") {
  site_table sites;
  sites.load({make_row("a"), make_row("b", true)});
  CHECK(sites.count_accounts() == 1);
  CHECK(sites.find_active("b") == nullptr);
  sites.store(make_row("a", true));
  CHECK(sites.count_accounts() == 0);
  sites.store(make_row("b"));
  sites.store(make_row("b"));
  CHECK(sites.count_accounts() == 1);
}

TEST_CASE("an erased row leaves nothing to save, a renamed one is there under its new name alone") {
  site_table sites;
  sites.load({make_row("a"), make_row("b", true)});
  sites.store(make_row("a"));
  sites.erase("a");
  CHECK_FALSE(sites.has_unsaved());
  CHECK(sites.find("a") == nullptr);
  CHECK(sites.count_accounts() == 0);

  sites.rename("b", "c");
  CHECK(sites.find("b") == nullptr);
  REQUIRE(sites.find("c") != nullptr);
  CHECK(sites.find("c")->name == "c");
  CHECK(sites.find("c")->is_retired());
  CHECK_FALSE(sites.has_unsaved());
}
