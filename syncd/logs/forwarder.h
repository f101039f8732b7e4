// SPDX-License-Identifier: LGPL-2.1-or-later
// The sites' logs: follows every site's containers and writes access.log and error.log. Has a thread and a loop of its
// own (docs/decisions/0010): a slow or full disk slows the reading of logs, not the work on accounts. Each call
// hands its work over and returns.
#pragma once

#include "program/log.h"
#include "program/settings.h"
#include "syncd/logs/log_archive.h"
#include "syncd/logs/log_follower.h"
#include "tree/ownership.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::syncd {

struct forwarder_parts {
  std::shared_ptr<tree::ownership> owners;
  std::string trusted_path;                          // as in host_parts
  std::function<void(level, std::string_view)> log;  // called on the forwarder's threads
  std::shared_ptr<log_archive> archive;              // of the rotated logs
  std::optional<std::size_t> max_wakeups = {};       // wake-up connections; none: what the limit of open files allows
};

class forwarder {
 public:
  forwarder(const settings& settings, forwarder_parts parts);  // starts the thread; nothing is followed yet
  ~forwarder();                                                // stop()
  forwarder(const forwarder&) = delete;
  forwarder& operator=(const forwarder&) = delete;

  // All that are to be followed, as the engine has them now; one that is missing is read to its end.
  void follow(std::vector<followed_container> all);
  // The same, of which these alone are new or changed, or gone (ids).
  void follow_changes(std::vector<followed_container> changed, std::vector<std::string> gone);
  void rotate(std::string site);  // its logs; of all sites, where it is empty
  void stop();                    // writes what it has, and waits for that; takes less than a second on a sound disk

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace heberg::syncd
