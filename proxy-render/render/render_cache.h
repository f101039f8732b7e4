// SPDX-License-Identifier: LGPL-2.1-or-later
// Each host's config, rendered once, and again where the host, or an option that all configs depend on, has changed.
// Pure.
#pragma once

#include "proxy-render/plan/vhosts.h"
#include "proxy-render/render/host_config.h"
#include "proxy-render/render/render_options.h"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace heberg::proxy {

class render_cache {
 public:
  // In the hosts' order.
  [[nodiscard]] std::vector<shared_config> render(const vhost_list& vhosts, const render_options& options);

 private:
  struct entry {
    shared_vhost vhost;  // kept, so that no other host gets its address in memory
    shared_config text = {};
    bool is_plain = false;
    std::uint64_t seen = 0;  // in which round
  };
  [[nodiscard]] std::vector<entry*> look_up(const vhost_list& vhosts);
  void forget_those_gone(std::size_t present);

  std::unordered_map<const vhost*, entry> known_;
  std::optional<render_options> with_;  // all known texts were made with it; nothing: not all with the same
  bool in_lines_ = false;
  std::uint64_t round_ = 0;
};

// Without a cache.
[[nodiscard]] std::vector<shared_config> render_hosts(const vhost_list& vhosts, const render_options& options);
[[nodiscard]] std::string render(const vhost_list& vhosts, const render_options& options);

}  // namespace heberg::proxy
