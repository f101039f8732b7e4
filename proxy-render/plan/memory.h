// SPDX-License-Identifier: LGPL-2.1-or-later
// What the renderer remembers, so that neither a redeploy nor its own restart gives a site's host name to another
// owner.
//
//   names       the first owner of each host name. It owns the name while one of its containers requests it, and for a
//               while after (proxy.hold_names_for): a redeploy, which removes the container for a moment, does not give the
//               name to another owner that requests it.
//   containers  the variables of each container, which never change in its life. A container that the engine lists but
//               that cannot be inspected (docker::container::inspected) is served by these.
//
// Pure: values and their JSON text (docs/formats.md). memory_file.h keeps it.
#pragma once

#include "docker/watcher.h"
#include "site/hosts.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heberg::proxy {

struct host_ownership {
  std::string owner;                             // as in vhost
  std::uint64_t order = 0;                       // of first requests; regular expressions are tried in it
  std::optional<std::chrono::sys_seconds> left;  // since when no container of its owner requests it
  std::string text = {};                         // the above as JSON, where it was made already
  bool operator==(const host_ownership& other) const {
    return owner == other.owner && order == other.order && left == other.left;
  }
};

struct container_variables {
  std::chrono::sys_time<std::chrono::nanoseconds> created;
  bool host_network = false;
  std::vector<std::pair<std::string, std::string>> environment;  // of the proxy's variables, what counts, by label too
  std::vector<docker::port> exposed_ports;
  std::string text = {};  // the above as JSON, where it was made already
  bool operator==(const container_variables& other) const {
    return created == other.created && host_network == other.host_network && environment == other.environment &&
           exposed_ports == other.exposed_ports;
  }
};

struct memory {
  std::map<site::host, host_ownership> names;
  std::map<std::string, container_variables> containers;  // by id
  std::uint64_t next_order = 1;
  bool changed = false;  // since it was read or kept; not part of the text
};

// Remembers the variables of a container that was inspected; forgets a container that is gone (nullptr).
void remember_variables(memory& memory, const std::string& id, const docker::container* container);

// Makes the ownership's text again.
void write_ownership(const site::host& host, host_ownership& ownership);

// The container with its remembered variables.
[[nodiscard]] docker::container fill_variables(docker::container container, const container_variables& variables);

[[nodiscard]] std::string dump_memory(const memory& memory);

// Nothing where the text was not made by dump_memory().
[[nodiscard]] std::optional<memory> parse_memory(std::string_view text);

}  // namespace heberg::proxy
