// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/vhosts.h"

#include "proxy-render/address.h"
#include "proxy-render/assemble.h"
#include "proxy-render/attach_files.h"
#include "proxy-render/candidate.h"
#include "proxy-render/claims.h"

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>
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

// A port speaks http or TLS, not both: the first host that has it, in the hosts' order, says which. The others' hosts
// are left out: on another port than was said they would be where nobody looks for them.
void settle_ports(std::vector<vhost>& vhosts, const std::vector<std::uint16_t>& own, std::vector<complaint>& refused) {
  std::map<std::uint16_t, bool> is_tls;
  for (std::size_t i = 0; i < own.size(); ++i) is_tls[own[i]] = i > 0;
  std::erase_if(vhosts, [&](const vhost& v) {
    const auto fits = [&](std::uint16_t port, bool tls) {
      return port == 0 || is_tls.try_emplace(port, tls).first->second == tls;
    };
    for (const auto& [name, port, tls] : {std::tuple("EXTERNAL_HTTP_PORT", v.external.http, false),
                                          std::tuple("EXTERNAL_HTTPS_PORT", v.external.https, true)}) {
      if (fits(port, tls)) continue;
      refused.push_back({v.containers.empty() ? "" : v.containers.front(), name, std::to_string(port),
                         std::string("speaks ") + (tls ? "http" : "TLS") + " already: " + site::printable(v.host.text) +
                             " is left out"});
      return true;
    }
    return false;
  });
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
  settle_ports(made.vhosts, options.own_ports, made.refused);
  for (auto& vhost : made.vhosts) give_certificate(vhost, options.certificates, made.refused);
  attach_files(made, options.vhost_d, options.htpasswd);
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
