// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/host_filter.h"

#include "proxy-render/render/render.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace heberg::proxy {

std::size_t host_filter::selection::count_served() const {
  return static_cast<std::size_t>(std::ranges::count(origins, false, &origin::is_closed));
}

host_filter::selection host_filter::select(const vhost_list& hosts, std::vector<shared_config> configs,
                                           const render_options& options) {
  selection made;
  made.configs.reserve(configs.size());
  made.origins.reserve(configs.size());
  std::set<host_config> still_refused;
  for (std::size_t i = 0; i < configs.size(); ++i) {
    auto config = std::move(configs[i]);
    if (!config->fault.empty() && refused_.insert(*config).second) made.new_faults.push_back(config->fault);
    const bool is_refused = !refused_.empty() && refused_.contains(*config);
    if (is_refused) {
      auto closed = render_closed_name(hosts[i], hosts, options);
      still_refused.insert(*config);
      if (!closed) continue;
      if (refused_.contains(*closed)) {
        still_refused.insert(std::move(*closed));
        continue;
      }
      config = std::make_shared<const host_config>(std::move(*closed));
    }
    made.configs.push_back(std::move(config));
    made.origins.push_back({&hosts[i], is_refused});
  }
  refused_ = std::move(still_refused);
  return made;
}

}  // namespace heberg::proxy
