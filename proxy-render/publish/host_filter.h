// SPDX-License-Identifier: LGPL-2.1-or-later
// Which hosts nginx has refused. A refused host is left out of the text until its config changes; its name answers 503
// meanwhile, so that no other owner's wildcard serves it. Pure.
#pragma once

#include "proxy-render/plan/vhosts.h"
#include "proxy-render/render/host_config.h"
#include "proxy-render/render/render_options.h"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace heberg::proxy {

class host_filter {
 public:
  // What is to be published of a plan.
  struct selection {
    std::vector<shared_config> configs;
    struct origin {
      const vhost* host;
      bool is_closed;  // the config keeps the refused host's name from others
    };
    std::vector<origin> origins;          // of the configs
    std::vector<std::string> new_faults;  // of hosts that cannot be rendered, each once

    [[nodiscard]] std::size_t count_served() const;
  };

  // configs: those of the plan's hosts. A refused config that no host has any more is forgotten.
  [[nodiscard]] selection select(const vhost_list& hosts, std::vector<shared_config> configs,
                                 const render_options& options);

  void refuse(const host_config& config) { refused_.insert(config); }
  void readmit(const host_config& config) { refused_.erase(config); }
  void forget_all() { refused_.clear(); }

 private:
  std::set<host_config> refused_;
};

}  // namespace heberg::proxy
