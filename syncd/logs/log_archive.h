// SPDX-License-Identifier: LGPL-2.1-or-later
// Compresses rotated logs, and removes the oldest beyond a number and a size. Has a thread of its own, which nothing
// waits for. After an end in any moment each log is there, plain or compressed: a compressed one is whole before it
// gets its name, and only then the plain one is removed; the next run does what is left to do.
#pragma once

#include "base/unique_fd.h"
#include "program/log.h"
#include "syncd/logs/log_rotation.h"
#include "tree/ownership.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace heberg::syncd {

struct archive_rules {
  std::uint32_t keep = 14;                // of each log
  std::uint64_t max_total = 500'000'000;  // bytes of a site's rotated logs
  bool compress = true;                   // gzip
  // sftp.log says who did what: it is kept by age, under a size of its own, whatever the three above say of it.
  std::chrono::seconds sftp_keep_for = std::chrono::hours(24 * 90);
  std::uint64_t sftp_max_total = 100'000'000;  // bytes
};

// Logs that heberg rotates in SITE/logs.
inline constexpr std::string_view k_archived_logs[] = {"access.log", "error.log", "sftp.log"};

// One site, at this time. What could not be done, a sentence each. Where its sftp logs are larger than they may be, the
// day that has most of them loses one from its middle: who floods the log after he broke in neither pushes out what he
// did before, nor the days before.
std::vector<std::string> tidy_logs(int root, const std::string& site, const archive_rules& rules,
                                   tree::ownership& owners, std::time_t now = std::time(nullptr));

class log_archive final : public rotated_logs {
 public:
  // log is called on the archive's thread.
  log_archive(archive_rules rules, std::shared_ptr<tree::ownership> owners,
              std::function<void(level, std::string_view)> log);
  ~log_archive() override;  // waits for the file in work
  log_archive(const log_archive&) = delete;
  log_archive& operator=(const log_archive&) = delete;

  void push(int root, const std::string& site) override;

 private:
  void work();

  const archive_rules rules_;
  const std::shared_ptr<tree::ownership> owners_;
  const std::function<void(level, std::string_view)> log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const unique_fd> root_;  // a duplicate
  std::set<std::string> sites_;
  std::string last_;  // the site that was looked at last: the next one in order comes then, so that each has its turn
  bool ending_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace heberg::syncd
