// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/status.h"

#include "proxy-render/nginx/quote.h"
#include "proxy-render/render/client_limits.h"
#include "proxy-render/render/render.h"
#include "proxy-render/render/render_cache.h"
#include "proxy-render/render/render_preamble.h"

#include <nlohmann/json.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <iterator>
#include <set>

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
                    {"state", vhost.closed        ? "closed"
                              : vhost.maintenance ? "maintenance"
                                                  : name_of(service_of(vhost))},
                    {"certificate", vhost.certificate},
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

void take_preamble(default_files& to, const default_files& from) {
  to.preamble = from.preamble;
  to.preamble_text = from.preamble_text;
}

std::set<std::string> paths_of(const default_files& files) {
  std::set<std::string> paths{files.server.path, files.location.path, files.error_page.path, files.preamble.path};
  for (const auto& file : files.http) paths.insert(file.path);
  paths.erase("");
  return paths;
}

json describe(const std::vector<file_fault>& broken, const default_files& wanted, const default_files& in_use) {
  json described = json::array();
  for (const auto& file : broken) described.push_back({{"file", file.path}, {"reason", file.reason}});
  const auto used = paths_of(in_use);
  for (const auto& path : paths_of(wanted)) {
    if (!used.contains(path))
      described.push_back(
          {{"file", path},
           {"reason", "is not in the text in place: nginx refuses it, or it is about to be published"}});
  }
  return described;
}

json describe(const proxy_location& from) {
  json described = {{"container", from.container.empty() ? json() : json(from.container)}, {"networks", json::array()}};
  for (const auto& network : from.networks) described["networks"].push_back(network.name);
  return described;
}

bool is_ipv4(const std::string& text) {
  in_addr ignored{};
  return inet_pton(AF_INET, text.c_str(), &ignored) == 1;
}

// As the text in place was rendered: lines of its preamble may have been left out (publication.h).
render_options options_of(render_options options, std::string_view live) {
  const auto is_in_place = [&](preamble_lines lines) {
    options.preamble = lines;
    return live.starts_with(render_preamble(options));
  };
  const auto given_up = list_given_up(live);
  for (const bool default_server : {true, false}) {
    for (const bool hash_sizes : {true, false}) {
      if (is_in_place({.default_server = default_server, .hash_sizes = hash_sizes, .limits_given_up = given_up}))
        return options;
    }
  }
  options.preamble = {};
  return options;
}

// Those of the sysadmin's files for all that the text in place has: nginx may have refused one.
default_files defaults_of(const default_files& wanted, std::string_view live) {
  const auto has = [live](std::string_view directive, const host_file& file) {
    return !file.path.empty() && live.find(std::string(directive) + quote(file.path) + ";\n") != std::string_view::npos;
  };
  default_files in_use;
  for (const auto which : {&default_files::server, &default_files::location}) {
    if (has("include ", wanted.*which)) in_use.*which = wanted.*which;
  }
  if (has("alias ", wanted.error_page)) in_use.error_page = wanted.error_page;
  std::ranges::copy_if(wanted.http, std::back_inserter(in_use.http),
                       [&](const host_file& file) { return has("include ", file); });
  return in_use;
}

// Which hosts' configs are in the text in place. Lines and blocks are each in the plan's order: the search goes on where
// the last one ended.
class place_finder {
 public:
  explicit place_finder(std::string_view live) : live_(live) {}
  bool has(const host_config& host) {
    if (!host.fault.empty()) return false;
    return host.name.empty() ? find(host.blocks, blocks_at_) : find(map_line(host), lines_at_);
  }

 private:
  [[nodiscard]] bool find(std::string_view text, std::size_t& at) const {
    const auto found = live_.find(text, at);
    if (found == std::string_view::npos) return false;
    at = found + text.size();
    return true;
  }
  std::string_view live_;
  std::size_t lines_at_ = 0;
  std::size_t blocks_at_ = 0;
};

}  // namespace

std::string describe_status(const plan& plan, const render_options& options, std::string_view output,
                            std::string_view live, const seen_outside& seen) {
  auto rendered_with = options;
  rendered_with.defaults = defaults_of(plan.defaults, live);
  rendered_with.engine_networks = plan.engine_networks;
  rendered_with = options_of(rendered_with, live);
  const auto configs = render_hosts(plan.vhosts, rendered_with);
  json hosts = json::array();
  place_finder places(live);
  for (std::size_t i = 0; i < configs.size(); ++i) {
    auto described = describe(plan.vhosts[i]);
    described["in_place"] = places.has(*configs[i]);
    hosts.push_back(std::move(described));
  }
  bool is_current = compose(configs, rendered_with) == live;
  if (!is_current && !plan.defaults.preamble.path.empty()) {
    take_preamble(rendered_with.defaults, plan.defaults);
    is_current = compose(configs, rendered_with) == live;
    if (!is_current) take_preamble(rendered_with.defaults, {});
  }
  const json status = {{"output", output},
                       {"current", is_current},
                       {"nginx", seen.nginx},
                       {"proxy", describe(plan.from)},
                       {"hosts", std::move(hosts)},
                       {"refused", describe(plan.refused)},
                       {"unreachable", describe(plan.unreachable)},
                       {"broken_files", describe(plan.broken_files, plan.defaults, rendered_with.defaults)},
                       {"certificates", seen.certificates}};
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
