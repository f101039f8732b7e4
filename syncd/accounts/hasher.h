// SPDX-License-Identifier: LGPL-2.1-or-later
// Hashes passwords on a thread of its own: a hash takes some 50 ms, and ten thousand new sites must not delay the loop.
// The thread shares nothing with the loop but the two queues in here.
#pragma once

#include "syncd/accounts/hash_queue.h"
#include "tree/password_file.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace heberg::syncd {

// Writes a new password into the site's tree; nullopt where a file exists by now (a queue may be long). May throw.
using store_function =
    std::function<std::optional<tree::fingerprint>(const std::string& site, const tree::secret& password)>;

// Does one job on the calling thread.
[[nodiscard]] hash_result run_hash_job(hash_job job, const store_function& store);

class hasher final : public hash_queue {
 public:
  // store and done are called on the hasher's thread.
  hasher(store_function store, std::function<void(hash_result)> done);
  ~hasher() override;  // finishes the job in hand, drops the others
  hasher(const hasher&) = delete;
  hasher& operator=(const hasher&) = delete;

  void push(hash_job job, lane where) override;
  [[nodiscard]] bool has_room() const override;

 private:
  void work();

  static constexpr std::size_t k_room = 64;  // bulk jobs
  const store_function store_;
  const std::function<void(hash_result)> done_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<hash_job> urgent_;
  std::deque<hash_job> bulk_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace heberg::syncd
