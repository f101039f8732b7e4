// SPDX-License-Identifier: LGPL-2.1-or-later
// What the renderer knows from before, so that neither a redeploy nor its own restart gives a site's name away:
//   names: who claimed each host name first. Its owner keeps it while a container of its claims it, and for a while
//   after
//     (proxy.hold_names_for): a redeploy, for a moment without a container, does not hand it to whoever waits for it.
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
  std::string text = {};                         // all that as JSON, where it was made already
  bool operator==(const name_claim& other) const {
    return owner == other.owner && order == other.order && left == other.left;
  }
};

struct container_words {
  std::chrono::sys_time<std::chrono::nanoseconds> created;
  bool host_network = false;
  std::vector<std::pair<std::string, std::string>> environment;  // the proxy's words alone
  std::vector<docker::port> exposed_ports;
  std::string text = {};  // all that as JSON, where it was made already
  bool operator==(const container_words& other) const {
    return created == other.created && host_network == other.host_network && environment == other.environment &&
           exposed_ports == other.exposed_ports;
  }
};

struct memory {
  std::map<site::host, name_claim> names;
  std::map<std::string, container_words> containers;  // by id
  std::uint64_t next_order = 1;
  bool changed = false;  // since it was read or kept; not part of the text
};

// Takes in the words of a container that was inspected; one that is gone (nullptr) is forgotten.
void remember_words(memory& memory, const std::string& id, const docker::container* container);

// The claim's own text, made anew.
void write_claim(const site::host& host, name_claim& claim);

// The container with the words that are remembered of it.
[[nodiscard]] docker::container fill_words(docker::container container, const container_words& words);

[[nodiscard]] std::string dump_memory(const memory& memory);

// Nothing where the text is not of our making.
[[nodiscard]] std::optional<memory> parse_memory(std::string_view text);

}  // namespace heberg::proxy
