// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/once.h"

#include "syncd/accounts/account_manager.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace heberg::syncd {
namespace {

// How long --once waits for a password file that cannot be read at once (its editor has moved it away).
constexpr std::chrono::seconds k_file_wait{3};

// The hasher's results, from its thread to this one.
class mailbox {
 public:
  void put(hash_result result) {
    const std::lock_guard lock(mutex_);
    results_.push_back(std::move(result));
    arrived_.notify_one();
  }

  std::deque<hash_result> wait_until(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    arrived_.wait_until(lock, until, [this] { return !results_.empty(); });
    return std::exchange(results_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<hash_result> results_;
};

}  // namespace

int run_once(const settings& settings, const host_parts& parts, const docker::containers& all) {
  mailbox hashed;
  host_machine host(settings, parts, [&hashed](hash_result result) { hashed.put(std::move(result)); });
  account_manager accounts(settings, host.access());
  accounts.start();
  accounts.take(all);

  auto last_progress = host.steady_now();
  while (!accounts.is_settled()) {
    const auto next = accounts.work();
    if (accounts.has_failed()) return 1;
    if (accounts.is_settled()) break;
    const auto now = host.steady_now();
    if (!accounts.waits_for_files_only()) last_progress = now;
    if (now - last_progress >= k_file_wait) break;
    for (auto& result : hashed.wait_until(std::min(next.value_or(now + k_file_wait), now + k_file_wait))) {
      accounts.passwords().finish_hash(std::move(result));
    }
  }
  return accounts.has_unpublished() && !accounts.flush() ? 1 : 0;
}

}  // namespace heberg::syncd
