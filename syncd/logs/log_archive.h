// SPDX-License-Identifier: LGPL-2.1-or-later
// Compresses rotated logs, and removes the oldest beyond a number and a size. Has a thread of its own, which nothing
// waits for. After an end in any moment each log is there, plain or compressed: a compressed one is whole before it
// gets its name, and only then the plain one is removed; the next run does what is left to do.
#pragma once

#include "program/log.h"
#include "tree/ownership.h"
#include "tree/sites_root.h"

#include <condition_variable>
#include <cstdint>
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
};

// Logs that heberg rotates in SITE/logs.
inline constexpr std::string_view k_archived_logs[] = {"access.log", "error.log", "sftp.log"};

// One site, now. What could not be done, a sentence each.
std::vector<std::string> tidy_logs(int root, const std::string& site, const archive_rules& rules,
                                   tree::ownership& owners);

class log_archive {
 public:
  // log is called on the archive's thread.
  log_archive(archive_rules rules, std::shared_ptr<tree::ownership> owners,
              std::function<void(level, std::string_view)> log);
  ~log_archive();  // waits for the file in work
  log_archive(const log_archive&) = delete;
  log_archive& operator=(const log_archive&) = delete;

  void push(tree::shared_fd root, const std::string& site);  // there may be something to do

 private:
  void work();

  const archive_rules rules_;
  const std::shared_ptr<tree::ownership> owners_;
  const std::function<void(level, std::string_view)> log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  tree::shared_fd root_;
  std::set<std::string> sites_;
  bool ending_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace heberg::syncd
