// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/vhosts.h"

#include "proxy-render/address.h"
#include "proxy-render/assemble.h"
#include "proxy-render/candidate.h"
#include "proxy-render/claims.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace heberg::proxy {
namespace {

std::vector<vhost> in_order(std::map<site::host, assembly>& found, const memory& memory) {
  std::vector<vhost> vhosts;
  vhosts.reserve(found.size());
  for (auto& [host, parts] : found) vhosts.push_back(std::move(parts).finish());
  const auto regexes =
      std::ranges::find_if(vhosts, [](const vhost& v) { return v.host.kind == site::host_kind::regex; });
  std::ranges::sort(regexes, vhosts.end(), {}, [&](const vhost& v) { return memory.names.at(v.host).order; });
  return vhosts;
}

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

// Those that take part, the oldest first. filled: owns the containers that had to be filled from memory.
std::vector<candidate> find_candidates(const docker::containers& containers, const plan_options& options,
                                       const memory& memory, std::deque<docker::container>& filled,
                                       std::vector<complaint>& refused) {
  std::vector<candidate> candidates;
  for (const auto& [id, container] : containers) {
    const auto* known = &container;
    if (!container.inspected) {
      const auto words = memory.containers.find(id);
      if (words == memory.containers.end()) continue;
      known = &filled.emplace_back(fill_words(container, words->second));
    }
    if (auto found = judge(*known, options, refused)) candidates.push_back(std::move(*found));
  }
  std::ranges::sort(candidates, [](const candidate& a, const candidate& b) {
    return std::tie(a.container->created, a.container->id) < std::tie(b.container->created, b.container->id);
  });
  return candidates;
}

}  // namespace

plan make_plan(const docker::containers& containers, const plan_options& options, memory& memory,
               std::chrono::sys_seconds now) {
  plan made;
  std::deque<docker::container> filled;
  remember_words(memory, containers);
  const auto candidates = find_candidates(containers, options, memory, filled, made.refused);
  settle_claims(memory, candidates, options.keep_names, now);

  std::map<site::host, assembly> found;
  for (const auto& from : candidates) {
    const auto address = address_of(*from.container);
    if (address.empty() && from.container->state == docker::container_state::running) {
      made.unreachable.push_back({site::printable(from.container->name), "", "",
                                  "has no address that the proxy can reach: connect it to a bridge network "
                                  "(docker network connect bridge NAME)"});
    }
    for (const auto& wish : from.wishes) {
      const auto& claim = memory.names.at(wish.host);
      if (claim.owner != from.owner) {
        made.refused.push_back(
            complain(*from.container, {"VIRTUAL_HOST", site::printable(wish.host.text), explain_refusal(claim)}));
        continue;
      }
      found.try_emplace(wish.host, from, wish).first->second.add(from, wish, address, made.refused);
    }
  }
  made.vhosts = in_order(found, memory);
  for (auto& vhost : made.vhosts) give_certificate(vhost, options.certificates, made.refused);
  std::ranges::sort(made.refused);
  made.refused.erase(std::unique(made.refused.begin(), made.refused.end()), made.refused.end());  // of several names
  std::ranges::sort(made.unreachable);
  return made;
}

plan make_plan(const docker::containers& containers, const plan_options& options) {
  memory nothing;
  return make_plan(containers, options, nothing, {});
}

}  // namespace heberg::proxy
