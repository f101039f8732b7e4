// SPDX-License-Identifier: LGPL-2.1-or-later
// A site that comes and goes costs a reload each time, and a reload costs a generation of nginx's workers while
// something slow is served. So, while many generations live, the hosts of an owner whose state changed more than three
// times in a minute stay as they are for a while: 30 s, and twice as long each time it happens again, 5 min at most. An
// address that its containers no longer have is not served even then: the host answers 503 until the time is over.
// Pure.
#pragma once

#include "proxy-render/plan/vhosts.h"

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace heberg::proxy {

class flap_damper {
 public:
  using time = std::chrono::steady_clock::time_point;

  struct result {
    vhost_list vhosts;
    std::vector<std::string> held;  // owners that are held from now on
  };

  // The hosts as they are to be published. is_crowded: nginx has so many generations of workers that another one is to
  // be spared.
  [[nodiscard]] result settle(const vhost_list& wanted, bool is_crowded, time now);

  // Some owner changes so often that it is to be asked whether nginx is crowded.
  [[nodiscard]] bool has_restless(time now) const;

  // When the next owner is no longer held; empty: none is.
  [[nodiscard]] std::optional<time> next_release(time now) const;

 private:
  struct owner_state {
    std::deque<time> changes;  // since it was held the last time
    time last_change = time::min();
    time held_until = time::min();
    std::chrono::seconds hold_for{30};
  };

  std::map<std::string, owner_state> owners_;  // those that changed lately
  vhost_list settled_;
};

// Some host of `before` had an address that it does not have any more: another container may get it.
[[nodiscard]] bool loses_address(const vhost_list& before, const vhost_list& now);

}  // namespace heberg::proxy
