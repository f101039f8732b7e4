// SPDX-License-Identifier: LGPL-2.1-or-later
// The plan, kept up to date: an event changes what its containers request, and the hosts that they request; among ten
// thousand hosts all others stay as they were. Pure. The planner points into the engine's containers, so the caller
// reports each container that changes.
#pragma once

#include "proxy-render/plan/host_claims.h"
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

  // These containers have changed, or are gone.
  void forget(const docker::container_ids& changed);
  // All of them may have changed, or the options, or the memory.
  void forget_all() { knows_nothing_ = true; }

  // memory: what is known from before; brought up to date.
  [[nodiscard]] plan update(const docker::containers& containers, const plan_options& options, memory& memory,
                            std::chrono::sys_seconds now);

 private:
  struct known_container;
  struct known_host;
  struct update_context;  // what one update works with

  void begin_anew(const update_context& at);
  void update_container(const update_context& at, const std::string& id);
  void drop(const std::string& id);
  void enter(const known_container& from);
  void settle_ownership(const update_context& at);
  void settle_known_ownership(const update_context& at, const site::host& host, const known_host* known);
  void give_to_first(const update_context& at, const site::host& host, known_host& known);
  void build(const update_context& at, const site::host& host);
  [[nodiscard]] std::vector<const known_host*> list_served(const update_context& at,
                                                           std::vector<complaint>& refused) const;
  [[nodiscard]] static std::set<const known_host*> refuse_ports(const update_context& at,
                                                                const std::vector<const known_host*>& served,
                                                                std::vector<complaint>& refused);
  void collect(const update_context& at, plan& made) const;

  bool knows_nothing_ = true;
  proxy_location from_;
  std::map<std::string, known_container> containers_;  // by id; those that request a host
  std::map<site::host, known_host> hosts_;             // requested ones
  std::set<site::host> ownerless_;                     // names kept for an owner without a container
  std::set<site::host> denied_;                        // requested names that none of their requesters may take
  host_claims claims_;
  docker::container_ids complained_of_;  // containers with a complaint
  docker::container_ids network_users_;  // share another container's network: their addresses depend on that one
  docker::container_ids changed_;        // to be updated
  std::set<site::host> touched_;         // likewise
};

// The plan from nothing.
[[nodiscard]] plan make_plan(const docker::containers& containers, const plan_options& options, memory& memory,
                             std::chrono::sys_seconds now);

// Without a memory.
[[nodiscard]] plan make_plan(const docker::containers& containers, const plan_options& options);

}  // namespace heberg::proxy
