// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps the rules of the network (guard_rules.h) in step with the containers and the host's interfaces: a change of
// either renews them at once, a change of the rules by others within a second. nft(8) loads them. They stay when
// heberg-syncd ends.
#pragma once

#include "docker/watcher.h"
#include "program/log.h"
#include "program/settings.h"
#include "syncd/network/guard_plan.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace heberg::syncd {

struct guard_parts {
  std::string rules_file = "/run/heberg/network.nft";  // what nft reads; its folder is there
  std::string nft = "nft";
  std::function<void(level, std::string_view)> log;
};

// The containers that run. site_of: the site that accepts a container (its id); empty: none does. One that only wants to
// be a site's, by VIRTUAL_HOST or the label heberg.site, is a site for itself.
[[nodiscard]] std::vector<network_member> list_members(const docker::containers& all,
                                                       const std::function<std::string(const std::string&)>& site_of);

// On the thread of io.
class network_guard {
 public:
  network_guard(boost::asio::io_context& io, const settings& settings, guard_parts parts);
  ~network_guard();
  network_guard(const network_guard&) = delete;
  network_guard& operator=(const network_guard&) = delete;

  void start();  // where network.guard is false: takes the rules away
  void take(std::vector<network_member> members);
  void stop();

  // What is not isolated -> why, and what to do: a container, or "the network" for all of them. Hostile.
  [[nodiscard]] std::map<std::string, std::string> problems() const;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace heberg::syncd
