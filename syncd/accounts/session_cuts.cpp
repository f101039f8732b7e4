// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/session_cuts.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace heberg::syncd {
namespace {

constexpr std::chrono::milliseconds k_delays[] = {std::chrono::milliseconds(0), std::chrono::milliseconds(1000),
                                                  std::chrono::milliseconds(3000)};

}  // namespace

void session_cuts::start(bool is_published) {
  if (waiting_.empty()) return;
  const auto uids = is_published ? std::exchange(waiting_, {}) : waiting_;
  const auto now = time_.steady_now();
  for (const auto delay : k_delays) scheduled_.push_back({now + delay, uids});
  cut_due();
}

void session_cuts::cut_due() {
  const auto now = time_.steady_now();
  std::set<std::uint32_t> uids;
  std::erase_if(scheduled_, [&](cut& scheduled) {
    if (scheduled.due > now) return false;
    uids.merge(scheduled.uids);
    return true;
  });
  if (uids.empty()) return;
  // An account that has returned meanwhile keeps its sessions.
  for (const auto& [name, row] : sites_.rows()) {
    if (!row.is_retired() && !row.is_locked()) uids.erase(row.uid);
  }
  if (uids.empty()) return;
  try {
    if (const auto count = cutter_.cut_sessions(uids); count > 0) {
      log_.write(level::info, "sessions", std::to_string(count) + " processes of retired or locked accounts ended");
    }
  } catch (const std::exception& error) {
    log_.write(level::error, "sessions",
               std::string("cannot end the sessions of retired or locked accounts: ") + error.what());
  }
}

std::optional<steady_time> session_cuts::next_due() const {
  std::optional<steady_time> next;
  for (const auto& scheduled : scheduled_) next = next ? std::min(*next, scheduled.due) : scheduled.due;
  return next;
}

}  // namespace heberg::syncd
