// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of the engine's containers are sites' containers, of which site, and why others are refused. A change costs the
// classification of the changed containers alone. Pure.
#pragma once

#include "docker/watcher.h"
#include "site/site.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heberg::syncd {

// By site. The first of a site's containers represents it: the oldest of those that the engine could inspect.
using ordered_containers = std::vector<const site::site_container*>;
[[nodiscard]] bool comes_before(const site::site_container& a, const site::site_container& b);
[[nodiscard]] ordered_containers put_in_order(
    const std::vector<site::site_container>& containers);  // lives as long as they do

class site_containers {
 public:
  // explain_mounts: why a container is not accepted, whatever its settings say; empty: it may be.
  explicit site_containers(site::classifier classifier,
                           std::function<std::string(const docker::container&)> explain_mounts = {})
      : classifier_(std::move(classifier)), explain_mounts_(std::move(explain_mounts)) {}

  void take(const docker::containers& all);
  void take_changes(const docker::containers& all, const docker::container_ids& changed);

  [[nodiscard]] const ordered_containers& ordered() const { return ordered_; }
  [[nodiscard]] const site::site_container* find(const std::string& container_id) const;
  [[nodiscard]] bool has(std::string_view site) const;
  // "container X" -> why it is not accepted as a site's.
  [[nodiscard]] std::map<std::string, std::string> refused() const;

 private:
  void classify(const docker::container& container);
  void forget(const std::string& id);
  void add(const site::site_container& container);

  site::classifier classifier_;
  std::function<std::string(const docker::container&)> explain_mounts_;
  std::map<std::string, site::site_container> accepted_;  // by container ID, as are the next
  std::map<std::string, site::rejected_container> refused_;
  ordered_containers ordered_;  // into accepted_
};

}  // namespace heberg::syncd
