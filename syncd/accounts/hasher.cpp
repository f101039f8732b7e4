// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/hasher.h"

#include "tree/password.h"

#include <exception>
#include <utility>

namespace heberg::syncd {

hash_result run_hash_job(hash_job job, const store_function& store) {
  hash_result result;
  result.site = job.site;
  result.ticket = job.ticket;
  result.file = job.file;
  try {
    if (job.make_new) {
      job.password = tree::generate_password();
      result.hash = tree::hash_password(job.password);
      if (const auto file = store(job.site, job.password)) {
        result.file = *file;
        result.made = std::move(job.password);
      } else {
        result.is_stale = true;
      }
    } else if (!job.old_hash.empty() && tree::is_hash_of(job.old_hash, job.password)) {
      result.hash = std::move(job.old_hash);
    } else {
      result.hash = tree::hash_password(job.password);
    }
  } catch (const std::exception& error) {
    result.hash.clear();
    result.error = error.what();
  }
  return result;
}

hasher::hasher(store_function store, std::function<void(hash_result)> done)
    : store_(std::move(store)), done_(std::move(done)), thread_([this] { work(); }) {}

hasher::~hasher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void hasher::push(hash_job job, lane where) {
  {
    const std::lock_guard lock(mutex_);
    (where == lane::urgent ? urgent_ : bulk_).push_back(std::move(job));
  }
  changed_.notify_one();
}

bool hasher::has_room() const {
  const std::lock_guard lock(mutex_);
  return bulk_.size() < k_room;
}

void hasher::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !urgent_.empty() || !bulk_.empty(); });
    if (stopping_) return;
    auto& queue = urgent_.empty() ? bulk_ : urgent_;
    auto job = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    done_(run_hash_job(std::move(job), store_));
  }
}

}  // namespace heberg::syncd
