// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/session_cuts.h"

#include "fake_host.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;
using uids = std::set<std::uint32_t>;

namespace {

struct cuts_fixture {
  test::fake_host host;
  site_table sites;
  problem_log log{[this](level level, std::string_view text) { host.log(level, text); }};
  session_cuts cuts{sites, host, host, log};

  void store(const std::string& name, std::uint32_t uid) {
    ledger::site row;
    row.name = name;
    row.uid = uid;
    sites.store(row);
  }
  void pass(std::chrono::milliseconds time) {
    host.now += time;
    cuts.cut_due();
  }
};

}  // namespace

TEST_CASE_METHOD(cuts_fixture, "sessions are cut at once, after one second, and after three") {
  cuts.add(20000);
  CHECK(cuts.is_idle());
  CHECK(host.cuts.empty());
  cuts.start(true);
  CHECK(host.cuts == std::vector<uids>{{20000}});
  CHECK(cuts.next_due() == host.steady_now() + 1s);
  pass(999ms);
  CHECK(host.cuts.size() == 1);
  pass(1ms);
  CHECK(host.cuts.size() == 2);
  CHECK(cuts.next_due() == host.steady_now() + 2s);
  pass(2s);
  CHECK(host.cuts.size() == 3);
  CHECK(cuts.is_idle());
  CHECK_FALSE(cuts.next_due());
  cuts.start(true);
  CHECK(host.cuts.size() == 3);
}

TEST_CASE_METHOD(cuts_fixture, "sessions of accounts that are still published are cut once more at the next start") {
  cuts.add(20000);
  cuts.start(false);
  pass(10s);
  const auto before = host.cuts.size();
  cuts.start(true);
  CHECK(host.cuts.size() == before + 1);
}

TEST_CASE_METHOD(cuts_fixture, "an account that has returned keeps its sessions") {
  cuts.add(20000);
  cuts.add(20001);
  store("a", 20000);
  cuts.start(true);
  CHECK(host.cuts == std::vector<uids>{{20001}});
}
