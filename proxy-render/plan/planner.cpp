// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/planner.h"

#include "proxy-render/plan/address.h"
#include "proxy-render/plan/assemble.h"
#include "proxy-render/plan/attach_files.h"
#include "proxy-render/plan/engine_networks.h"
#include "proxy-render/plan/external_ports.h"
#include "proxy-render/plan/host_ownership.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace heberg::proxy {
namespace {

void give_certificate(vhost& to, const certificates& all, std::vector<complaint>& refused) {
  if (to.tls.method == site::https_method::nohttps) return;
  const auto name = choose_certificate(all, to.host, to.tls.certificate);
  if (name) {
    to.certificate = *name;
    to.certificate_stamp = all.at(*name);
  } else if (!to.tls.certificate.empty()) {
    refused.push_back({to.containers.empty() ? "" : to.containers.front(), "CERT_NAME", to.tls.certificate,
                       "is not in the certificates' folder, with its key: served over http alone"});
  }
}

// Its name stays its own: no other owner's wildcard answers for it.
shared_vhost close_on_usual_ports(vhost host) {
  host.external = {};
  host.closed = true;
  return std::make_shared<const vhost>(std::move(host));
}

// Of several names one container may be refused for the same reason.
void sort_each_once(std::vector<complaint>& about) {
  std::ranges::sort(about);
  const auto [begin, end] = std::ranges::unique(about);
  about.erase(begin, end);
}

bool is_a_site(std::string_view owner) {
  return owner.starts_with("site:");
}

template <class list>
void append(list& to, const list& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

struct planner::known_container {
  std::string id;
  std::chrono::sys_time<std::chrono::nanoseconds> created;
  std::optional<docker::container> filled;  // the engine could not be asked: what is remembered of it
  std::optional<parsed_container> found;
  std::vector<complaint> refused;
  std::string address;  // empty: none that the proxy reaches
  std::optional<complaint> unreachable;

  [[nodiscard]] bool is_older_than(const known_container& other) const {
    return std::tie(created, id) < std::tie(other.created, other.id);
  }
};

struct planner::known_host {
  std::vector<const known_container*> requesters;  // the oldest first
  shared_vhost served = {};                        // none: its requesters are all refused
  std::vector<complaint> refused = {};
  std::vector<complaint> refused_while_served = {};
  file_faults broken = {};
  std::map<std::string, std::string> denied = {};  // owner -> why it may not take the name, which nobody has

  [[nodiscard]] bool is_given(const site::host& host) const {
    return std::ranges::any_of(
        requesters, [&](const known_container* one) { return std::ranges::count(one->found->given, host) > 0; });
  }
};

struct planner::update_context {
  const docker::containers& containers;
  const plan_options& options;
  proxy::memory& memory;
  std::chrono::sys_seconds now;
  parse_options parsing;
};

planner::planner() = default;
planner::~planner() = default;

void planner::forget(const docker::container_ids& changed) {
  changed_.insert(changed.begin(), changed.end());
}

plan planner::update(const docker::containers& containers, const plan_options& options, memory& memory,
                     std::chrono::sys_seconds now) {
  const update_context at{
      .containers = containers,
      .options = options,
      .memory = memory,
      .now = now,
      .parsing = {
          .sites = site::classifier(options.sites), .own_ports = options.own_ports, .gift_key = options.gift_key}};
  plan made;
  made.from = find_proxy_location(containers, options.location);
  // Until all is done: after an exception the next update begins anew.
  if (std::exchange(knows_nothing_, true) || made.from != from_) begin_anew(at);
  from_ = made.from;
  changed_.insert(network_users_.begin(), network_users_.end());
  for (const auto& id : changed_) update_container(at, id);
  changed_.clear();
  settle_ownership(at);
  for (const auto& host : touched_) build(at, host);
  touched_.clear();
  collect(at, made);
  knows_nothing_ = false;
  return made;
}

void planner::begin_anew(const update_context& at) {
  hosts_.clear();
  containers_.clear();
  ownerless_.clear();
  denied_.clear();
  network_users_.clear();
  complained_of_.clear();
  changed_.clear();
  touched_.clear();
  for (const auto& [id, container] : at.containers) changed_.insert(changed_.end(), id);
  for (const auto& [id, variables] : at.memory.containers) changed_.insert(id);
  for (const auto& [host, ownership] : at.memory.names) touched_.insert(touched_.end(), host);
}

void planner::update_container(const update_context& at, const std::string& id) {
  drop(id);
  const auto present = at.containers.find(id);
  const auto* container = present == at.containers.end() ? nullptr : &present->second;
  remember_variables(at.memory, id, container);
  if (container == nullptr) return;

  known_container fresh;
  if (!container->inspected) {
    const auto variables = at.memory.containers.find(id);
    if (variables == at.memory.containers.end()) return;
    fresh.filled = fill_variables(*container, variables->second);
  }
  auto& known = containers_.emplace(id, std::move(fresh)).first->second;
  const auto& one = known.filled ? *known.filled : *container;
  known.id = id;
  known.created = one.created;
  known.found = parse_container(one, at.parsing, known.refused);
  if (!known.refused.empty()) complained_of_.insert(id);
  if (!known.found) {
    if (known.refused.empty()) containers_.erase(id);
    return;
  }
  known.address = address_of(one, from_, at.containers);
  if (known.address.empty() && one.state == docker::container_state::running) {
    known.unreachable.emplace(complaint{site::printable(one.name), "", "", explain_no_address(one, from_)});
    complained_of_.insert(id);
  }
  if (!one.network_of.empty()) network_users_.insert(id);
  enter(known);
}

void planner::enter(const known_container& from) {
  for (const auto& requested : from.found->requested_hosts) {
    auto& requesters = hosts_[requested.host].requesters;
    const auto place = std::ranges::upper_bound(
        requesters, from, [](const auto& a, const auto& b) { return a.is_older_than(b); },
        [](const known_container* one) -> const known_container& { return *one; });
    if (place == requesters.begin() || *std::prev(place) != &from) requesters.insert(place, &from);
    touched_.insert(requested.host);
  }
}

void planner::drop(const std::string& id) {
  const auto known = containers_.find(id);
  if (known == containers_.end()) return;
  if (known->second.found) {
    for (const auto& requested : known->second.found->requested_hosts) {
      std::erase(hosts_[requested.host].requesters, &known->second);
      touched_.insert(requested.host);
    }
  }
  containers_.erase(known);
  network_users_.erase(id);
  complained_of_.erase(id);
}

// New names are recorded in the order of their containers, and of the names in a container's variable.
void planner::settle_ownership(const update_context& at) {
  struct first_request {
    const known_container* from;
    std::ptrdiff_t requested;
    const site::host* host;
  };
  std::vector<first_request> fresh;
  for (const auto& host : ownerless_) {
    const auto ownership = at.memory.names.find(host);
    if (ownership == at.memory.names.end() || is_expired(ownership->second, at.options.keep_names, at.now))
      touched_.insert(host);
  }
  touched_.insert(denied_.begin(), denied_.end());
  denied_.clear();
  for (const auto& host : touched_) {
    const auto known = hosts_.find(host);
    settle_known_ownership(at, host, known == hosts_.end() ? nullptr : &known->second);
    if (known == hosts_.end() || known->second.requesters.empty() || at.memory.names.contains(host)) continue;
    const auto* oldest = known->second.requesters.front();
    const auto& requested_hosts = oldest->found->requested_hosts;
    fresh.push_back({oldest, std::ranges::find(requested_hosts, host, &requested_host::host) - requested_hosts.begin(),
                     &known->first});
  }
  std::ranges::sort(fresh, [](const first_request& a, const first_request& b) {
    return a.from == b.from ? a.requested < b.requested : a.from->is_older_than(*b.from);
  });
  for (const auto& one : fresh) give_to_first(at, *one.host, hosts_.at(*one.host));
}

// A name that is on record, if it is: whose it is now. known: its requests; nullptr: nobody requests it.
void planner::settle_known_ownership(const update_context& at, const site::host& host, const known_host* known) {
  const auto gift = at.options.host_owners.find(host);
  if (gift != at.options.host_owners.end()) {
    give_ownership(at.memory, host, gift->second);
  } else if (site::is_catch_all(host) && (known == nullptr || !known->is_given(host))) {
    end_ownership(at.memory, host);  // as no rule forbade it once
  }
  auto ownership = at.memory.names.find(host);
  if (ownership != at.memory.names.end()) {
    bool is_requested = false;
    std::optional<std::string> next;  // of no site
    if (known != nullptr) {
      for (const auto* one : known->requesters) {
        const auto owner = owner_of(*one->found, host, at.options.shared_hosts);
        is_requested = is_requested || owner == ownership->second.owner;
        if (!next && !is_a_site(owner)) next = owner;
      }
    }
    if (!is_requested && next && gift == at.options.host_owners.end() && !is_a_site(ownership->second.owner)) {
      give_ownership(at.memory, host, *next);
      is_requested = true;
    }
    update_ownership(at.memory, host, is_requested, at.options.keep_names, at.now);
    ownership = at.memory.names.find(host);
  }
  if (ownership != at.memory.names.end() && ownership->second.left) {
    ownerless_.insert(host);
  } else {
    ownerless_.erase(host);
  }
}

// To the oldest that may have it.
void planner::give_to_first(const update_context& at, const site::host& host, known_host& known) {
  const auto gift = at.options.host_owners.find(host);
  known.denied.clear();
  for (const auto* one : known.requesters) {
    const auto owner = owner_of(*one->found, host, at.options.shared_hosts);
    const bool is_given = std::ranges::count(one->found->given, host) > 0;
    if (!is_given && known.denied.contains(owner)) continue;
    std::string reason;
    if (gift == at.options.host_owners.end()) {
      if (!is_given) reason = claims_.explain(at.memory, host, owner);
    } else if (gift->second != owner) {
      reason = "is given to " + gift->second + " by proxy.host_owners";
    }
    if (reason.empty()) return take_ownership(at.memory, host, owner);
    known.denied.emplace(owner, std::move(reason));
  }
  denied_.insert(host);
}

void planner::build(const update_context& at, const site::host& host) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return;
  if (found->second.requesters.empty()) {
    hosts_.erase(found);
    return;
  }
  const auto ownership = at.memory.names.find(host);
  const bool is_owned = ownership != at.memory.names.end();
  known_host built{.requesters = std::move(found->second.requesters), .denied = std::move(found->second.denied)};
  std::optional<assembly> parts;
  for (const auto* one : built.requesters) {
    const auto& from = *one->found;
    const auto owner = owner_of(from, host, at.options.shared_hosts);
    for (const auto& requested : from.requested_hosts) {
      if (requested.host != host) continue;
      if (!is_owned || owner != ownership->second.owner) {
        built.refused.push_back(
            complain(*from.container, {"VIRTUAL_HOST", site::printable(host.text),
                                       is_owned ? explain_refusal(ownership->second) : built.denied[owner]}));
        continue;
      }
      if (!parts) parts.emplace(from, requested);
      parts->add(from, requested, one->address, built.refused);
    }
  }
  if (parts) {
    auto made = std::make_shared<vhost>(std::move(*parts).finish());
    made->owner = ownership->second.owner;
    give_certificate(*made, at.options.certificates, built.refused_while_served);
    attach_files(*made, at.options, built.broken);
    made->is_default = at.options.default_host == host && made->external == site::external_ports{};
    built.served = std::move(made);
  }
  found->second = std::move(built);
}

std::vector<const planner::known_host*> planner::list_served(const update_context& at,
                                                             std::vector<complaint>& refused) const {
  std::vector<const known_host*> served;
  served.reserve(hosts_.size());
  for (const auto& [host, known] : hosts_) {
    if (!known.refused.empty()) append(refused, known.refused);
    if (known.served) served.push_back(&known);
  }
  const auto regexes = std::ranges::find_if(
      served, [](const known_host* one) { return one->served->host.kind == site::host_kind::regex; });
  std::ranges::sort(regexes, served.end(), {},
                    [&](const known_host* one) { return at.memory.names.at(one->served->host).order; });
  return served;
}

// The hosts that do not get their ports. A newer request never gets the port of an older one.
std::set<const planner::known_host*> planner::refuse_ports(const update_context& at,
                                                           const std::vector<const known_host*>& served,
                                                           std::vector<complaint>& refused) {
  std::vector<const known_host*> wanting;
  std::ranges::copy_if(served, std::back_inserter(wanting),
                       [](const known_host* one) { return one->served->external != site::external_ports{}; });
  std::ranges::sort(wanting, {}, [&](const known_host* one) { return at.memory.names.at(one->served->host).order; });
  external_ports taken(at.options.own_ports, at.options.external_ports);
  std::erase_if(wanting, [&](const known_host* one) { return taken.take(*one->served, refused); });
  return {wanting.begin(), wanting.end()};
}

void planner::collect(const update_context& at, plan& made) const {
  for (const auto& id : complained_of_) {
    const auto& known = containers_.at(id);
    append(made.refused, known.refused);
    if (known.unreachable) made.unreachable.push_back(*known.unreachable);
  }
  file_faults broken;
  made.defaults = take_defaults(at.options, broken);
  std::vector<shared_vhost> vhosts;
  const auto served = list_served(at, made.refused);
  const auto without_port = refuse_ports(at, served, made.refused);
  vhosts.reserve(served.size());
  for (const auto* one : served) {
    vhosts.push_back(without_port.contains(one) ? close_on_usual_ports(*one->served) : one->served);
    if (!one->refused_while_served.empty()) append(made.refused, one->refused_while_served);
    if (!one->broken.empty()) broken.insert(one->broken.begin(), one->broken.end());
  }
  made.vhosts = vhost_list(std::move(vhosts));
  std::set<std::string> subnets;
  for (const auto& [id, known] : containers_) {
    if (const auto present = at.containers.find(id); present != at.containers.end())
      add_subnets(subnets, present->second);
  }
  made.engine_networks.assign(subnets.begin(), subnets.end());
  made.broken_files.assign(broken.begin(), broken.end());
  sort_each_once(made.refused);
  std::ranges::sort(made.unreachable);
}

plan make_plan(const docker::containers& containers, const plan_options& options, memory& memory,
               std::chrono::sys_seconds now) {
  return planner().update(containers, options, memory, now);
}

plan make_plan(const docker::containers& containers, const plan_options& options) {
  memory nothing;
  return make_plan(containers, options, nothing, {});
}

}  // namespace heberg::proxy
