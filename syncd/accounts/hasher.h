// SPDX-License-Identifier: LGPL-2.1-or-later
// Hashing takes some 50 ms a password: a thread of its own beside the loop, so that ten thousand new sites hold nobody
// up. The only thread there is; it shares nothing with the loop but the two queues in here.
#pragma once

#include "tree/password_file.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace heberg::syncd {

struct hash_job {
  std::string site;
  std::uint64_t ticket = 0;  // comes back with the result: a newer job of the same site makes an older result worthless
  bool make_new = false;     // make up a password and store it; else:
  tree::secret password;
  std::string old_hash;  // tried first: the file may have been touched, not changed. Empty: there is none.
  tree::fingerprint file;
};

struct hash_result {
  std::string site;
  std::uint64_t ticket = 0;
  std::string hash;
  tree::fingerprint file;
  tree::secret made;      // the password, where one was made up
  bool is_stale = false;  // a password file was there after all: nothing was made
  std::string error;      // why there is no hash
};

// Writes a new password into the site's tree; nullopt where a file is there by now (a queue may be long). May throw.
using store_function =
    std::function<std::optional<tree::fingerprint>(const std::string& site, const tree::secret& password)>;

// Carries out one job, here and now.
[[nodiscard]] hash_result run_hash_job(hash_job job, const store_function& store);

class hasher {
 public:
  // store and done are called on the hasher's thread.
  hasher(store_function store, std::function<void(hash_result)> done);
  ~hasher();  // finishes the job in hand, drops the others
  hasher(const hasher&) = delete;
  hasher& operator=(const hasher&) = delete;

  // Jobs made while running (somebody has just changed a password) overtake those of a start-up's thousands.
  enum class lane { bulk, urgent };
  void push(hash_job job, lane where);

  // Whoever has bulk work asks first, so that the queue (it holds passwords) stays short.
  [[nodiscard]] bool has_room() const;

 private:
  void work();

  static constexpr std::size_t k_room = 64;
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
