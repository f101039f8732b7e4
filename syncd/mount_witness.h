// SPDX-License-Identifier: LGPL-2.1-or-later
// Looks at what the running containers have really mounted of the sites' trees, in /proc/PID/root: the engine follows a
// link that is in the place of a mount's source, and still reports the path. A container that has something else of the
// host is stopped, and is no site's container until it is started with the right mount. mounted_folder.h decides.
#pragma once

#include "docker/container.h"
#include "program/log.h"
#include "site/site.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace heberg::syncd {

class mount_witness {
 public:
  // procs: "/proc". stop: ends the container (its id); says why it failed, empty: it is stopped.
  mount_witness(site::classifier sites, std::string procs, std::function<void(level, const std::string&)> log,
                std::function<std::string(const std::string&)> stop);

  // Why the container is not to be accepted; empty: it is, or its mounts cannot be seen. Each start is looked at once.
  // root: the sites root.
  [[nodiscard]] std::string explain(int root, const docker::container& container);

 private:
  struct seen {
    std::uint32_t pid = 0;
    std::string reason;
  };
  [[nodiscard]] std::string look(int root, const docker::container& container, bool& is_final);

  site::classifier sites_;
  std::string procs_;
  std::function<void(level, const std::string&)> log_;
  std::function<std::string(const std::string&)> stop_;
  std::map<std::string, seen> seen_;  // by container id
  bool has_logged_blindness_ = false;
};

}  // namespace heberg::syncd
