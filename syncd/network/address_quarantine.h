// SPDX-License-Identifier: LGPL-2.1-or-later
// An address that changes hands: the engine gives the address of a container that has ended to the next one at once, and
// until nginx has the next configuration it sends the first site's visitors there. So on the sites' own network another
// site's container gets no use of the address for a moment. Pure; the time is the caller's.
#pragma once

#include "syncd/network/guard_plan.h"

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace heberg::syncd {

class address_quarantine {
 public:
  using time = std::chrono::steady_clock::time_point;
  // Longer than nginx -t, a reload and its confirmation take with some hundred sites, and shorter than a visitor waits.
  static constexpr std::chrono::milliseconds k_hold{1500};

  // Takes away, of the containers that run now, what is held back. The first call holds nothing back: who had an address
  // before is not known.
  void hold_back(std::vector<network_member>& members, time now);

  // Whether something is held back: hold_back is to be called again soon.
  [[nodiscard]] bool is_holding() const noexcept { return is_holding_; }

 private:
  struct user {
    std::string who;     // a site, or a container of none
    bool has_it = true;  // as the last call saw it
    time left = {};      // when it was first not seen any more
  };
  std::map<std::pair<std::string, std::string>, user> users_;  // network, address -> who had it last
  bool is_holding_ = false;
};

}  // namespace heberg::syncd
