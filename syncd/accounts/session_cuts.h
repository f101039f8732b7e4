// SPDX-License-Identifier: LGPL-2.1-or-later
// Ends the sessions of accounts that are retired or locked: at once, and twice more within some seconds, because a
// login that was under way when its account went shows up a little later.
#pragma once

#include "syncd/accounts/host.h"
#include "syncd/accounts/problem_log.h"
#include "syncd/reconcile/site_table.h"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace heberg::syncd {

class session_cuts {
 public:
  session_cuts(const site_table& sites, session_cutter& cutter, time_source& times, problem_log& log)
      : sites_(sites), cutter_(cutter), time_(times), log_(log) {}

  // Waits for start(): first the ledger must say it.
  void add(std::uint32_t uid) { waiting_.insert(uid); }

  // Cuts what was added. is_published false: the directory still lists the accounts, so start() cuts them once more the
  // next time.
  void start(bool is_published);

  void cut_due();  // fails only with a log line

  [[nodiscard]] std::optional<steady_time> next_due() const;
  [[nodiscard]] bool is_idle() const { return scheduled_.empty(); }

 private:
  struct cut {
    steady_time due;
    std::set<std::uint32_t> uids;
  };

  const site_table& sites_;
  session_cutter& cutter_;
  time_source& time_;
  problem_log& log_;
  std::set<std::uint32_t> waiting_;
  std::vector<cut> scheduled_;
};

}  // namespace heberg::syncd
