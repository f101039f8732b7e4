// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's network interfaces, and which of them leads into a container: netlink. Decides nothing. No namespace is
// entered: the kernel says by number in which one a link's other end is, and what number a process's has.
#pragma once

#include "base/unique_fd.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heberg::syncd {

struct host_link {
  int index = 0;
  std::string name;
  int master = 0;  // the index of the bridge that it is a port of; 0: none
  bool is_bridge = false;
  std::optional<int> peer_namespace = {};   // where its other end is; empty: here, or it has none
  std::vector<std::string> addresses = {};  // IPv4, without the prefix's length
  bool operator==(const host_link&) const = default;
};

class host_network {
 public:
  host_network();  // throws std::system_error

  // Throws std::system_error.
  [[nodiscard]] std::vector<host_link> list_links();

  // The number of the process's network namespace, after list_links(). Empty: no such process, or no link leads there.
  [[nodiscard]] std::optional<int> find_namespace(std::uint32_t pid);

  // The bridge learns no sender's place from frames to its own group addresses (01:80:c2:00:00:0x). Those to LLDP's are
  // learned from before any hook of netfilter. Throws std::system_error.
  void set_no_linklocal_learn(int bridge);

  // Counts the changes of nftables' rules. Empty: the kernel has no nftables, or forbids the question.
  [[nodiscard]] std::optional<std::uint32_t> rules_generation();

  // Readable once an interface came, went or changed; then forget_changes().
  [[nodiscard]] int changes_fd() const noexcept { return changes_.get(); }
  void forget_changes() noexcept;

 private:
  unique_fd route_;
  unique_fd changes_;
  unique_fd netfilter_;
};

}  // namespace heberg::syncd
