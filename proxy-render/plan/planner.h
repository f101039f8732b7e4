// SPDX-License-Identifier: LGPL-2.1-or-later
// The plan, kept up to date: an event changes what its containers claim, and the names that they claim; among ten
// thousand hosts all others are as they were. Pure. What is known points into the engine's containers, so whoever
// changes one of them says so.
#pragma once

#include "proxy-render/plan/memory.h"
#include "proxy-render/plan/parsed_container.h"
#include "proxy-render/plan/vhosts.h"

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace heberg::proxy {

class planner {
 public:
  planner();
  ~planner();
  planner(const planner&) = delete;
  planner& operator=(const planner&) = delete;

  // These containers are others than they were, or gone.
  void forget(const docker::container_ids& changed);
  // So may be all of them, the options, or the memory.
  void forget_all() { knows_nothing_ = true; }

  // memory: what is known from before; brought up to date.
  [[nodiscard]] plan update(const docker::containers& containers, const plan_options& options, memory& memory,
                            std::chrono::sys_seconds now);

 private:
  struct known_container;
  struct known_host;
  struct looking;  // what one update works with

  void begin_anew(const looking& at);
  void look_at_container(const looking& at, const std::string& id);
  void drop(const std::string& id);
  void enter(const known_container& from);
  void settle_claims(const looking& at);
  void build(const looking& at, const site::host& host);
  [[nodiscard]] std::vector<const known_host*> list_served(const looking& at, std::vector<complaint>& refused) const;
  [[nodiscard]] static std::set<const known_host*> refuse_ports(const looking& at,
                                                                const std::vector<const known_host*>& served,
                                                                std::vector<complaint>& refused);
  void collect(const looking& at, plan& made) const;

  bool knows_nothing_ = true;
  vantage from_;
  std::map<std::string, known_container> containers_;  // by id; those that want something
  std::map<site::host, known_host> hosts_;             // what they want
  std::set<site::host> unclaimed_;                     // kept for an owner that is gone
  docker::container_ids complained_of_;                // some of the containers
  docker::container_ids borrowers_;  // that share another container's network: where they are depends on that one
  docker::container_ids changed_;    // to be looked at
  std::set<site::host> touched_;     // likewise
};

// The plan from nothing.
[[nodiscard]] plan make_plan(const docker::containers& containers, const plan_options& options, memory& memory,
                             std::chrono::sys_seconds now);

// Without a memory.
[[nodiscard]] plan make_plan(const docker::containers& containers, const plan_options& options);

}  // namespace heberg::proxy
