// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/status.h"

#include <nlohmann/json.hpp>

#include <arpa/inet.h>

namespace heberg::proxy {
namespace {

using json = nlohmann::ordered_json;

const char* name_of(site::host_kind kind) {
  switch (kind) {
    case site::host_kind::name:
      return "name";
    case site::host_kind::ipv6:
      return "ipv6";
    case site::host_kind::leading_wildcard:
    case site::host_kind::trailing_wildcard:
      return "wildcard";
    case site::host_kind::regex:
      break;
  }
  return "regex";
}

const char* name_of(service service) {
  switch (service) {
    case service::up:
      return "up";
    case service::unreachable:
      return "unreachable";
    case service::unhealthy:
      return "unhealthy";
    case service::stopped:
      break;
  }
  return "stopped";
}

json describe(const location& location) {
  json described = {{"path", site::show(location.route.path)},
                    {"state", name_of(location.service)},
                    {"internal", location.internal},
                    {"backends", json::array()}};
  for (const auto& backend : location.backends) {
    described["backends"].push_back(
        {{"container", backend.container}, {"address", backend.address}, {"port", backend.port}});
  }
  return described;
}

json describe(const vhost& vhost) {
  json described = {{"host", vhost.host.text},
                    {"kind", name_of(vhost.host.kind)},
                    {"owner", site::printable(vhost.owner)},
                    {"state", vhost.maintenance ? "maintenance" : name_of(service_of(vhost))},
                    {"containers", vhost.containers}};
  if (!vhost.redirect_to.empty()) {
    described["redirect_to"] = vhost.redirect_to;
    return described;
  }
  described["locations"] = json::array();
  for (const auto& location : vhost.locations) described["locations"].push_back(describe(location));
  return described;
}

json describe(const std::vector<complaint>& complaints) {
  json described = json::array();
  for (const auto& about : complaints) {
    described.push_back({{"container", about.container},
                         {"variable", about.variable},
                         {"value", about.value},
                         {"reason", about.reason}});
  }
  return described;
}

bool is_ipv4(const std::string& text) {
  in_addr ignored{};
  return inet_pton(AF_INET, text.c_str(), &ignored) == 1;
}

// Where the hosts' blocks begin in the text in place; 0 where it does not begin with our frame of today.
std::size_t frame_size(render_options options, std::string_view live) {
  for (const bool default_server : {true, false}) {
    for (const bool hash_sizes : {true, false}) {
      options.frame = {.default_server = default_server, .hash_sizes = hash_sizes};
      if (const auto frame = render_frame(options); live.starts_with(frame)) return frame.size();
    }
  }
  return 0;
}

}  // namespace

std::string describe_status(const plan& plan, const render_options& options, std::string_view output,
                            std::string_view live) {
  json hosts = json::array();
  std::size_t at = frame_size(options, live);
  bool all_in_place = at > 0;
  for (const auto& vhost : plan.vhosts) {
    auto described = describe(vhost);
    // Blocks stand in the plan's order: the search goes on where the last one ended.
    const auto block = render_vhost(vhost, options);
    const auto found = live.find(block, at);
    const bool in_place = found != std::string_view::npos;
    if (in_place) at = found + block.size();
    all_in_place = all_in_place && in_place;
    described["in_place"] = in_place;
    hosts.push_back(std::move(described));
  }
  const json status = {{"output", output},
                       {"current", all_in_place && at == live.size()},
                       {"hosts", std::move(hosts)},
                       {"refused", describe(plan.refused)},
                       {"unreachable", describe(plan.unreachable)}};
  // ASCII alone: a terminal would obey U+0080 to U+009F, and DEL.
  return status.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

std::string render_hosts_file(const plan& plan) {
  std::string text(k_hosts_notice);
  for (const auto& vhost : plan.vhosts) {
    if (vhost.host.kind == site::host_kind::name && !is_ipv4(vhost.host.text))
      text += "127.0.0.1 " + vhost.host.text + "\n";
  }
  return text;
}

}  // namespace heberg::proxy
