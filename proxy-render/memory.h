// SPDX-License-Identifier: LGPL-2.1-or-later
// What the renderer knows from before, so that neither a redeploy nor its own restart gives a site's name away:
//   names: who claimed each host name first. Its owner keeps it while a container of its claims it, and for a while
//   after
//     (proxy.keep_names): a redeploy, for a moment without a container, does not hand it to whoever waits for it.
//   containers: the words of each, which never change in a container's life. One that the engine lists but cannot be
//     asked about (docker::container::inspected) is served by these.
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

struct name_claim {
  std::string owner;                             // as in vhost
  std::uint64_t order = 0;                       // of first claims; regular expressions are tried in it
  std::optional<std::chrono::sys_seconds> left;  // since when no container of its owner claims it
  bool operator==(const name_claim&) const = default;
};

struct container_words {
  std::chrono::sys_time<std::chrono::nanoseconds> created;
  bool host_network = false;
  std::vector<std::pair<std::string, std::string>> environment;  // the proxy's words alone
  std::vector<docker::port> exposed_ports;
  bool operator==(const container_words&) const = default;
};

struct memory {
  std::map<site::host, name_claim> names;
  std::map<std::string, container_words> containers;  // by id
  std::uint64_t next_order = 1;
  bool changed = false;  // since it was read or kept; not part of the text
};

// Takes in the words of the containers that were inspected, and forgets containers that are gone.
void remember_words(memory& memory, const docker::containers& containers);

// The container with the words that are remembered of it.
[[nodiscard]] docker::container fill_words(docker::container container, const container_words& words);

[[nodiscard]] std::string dump_memory(const memory& memory);

// Nothing where the text is not of our making.
[[nodiscard]] std::optional<memory> parse_memory(std::string_view text);

}  // namespace heberg::proxy
