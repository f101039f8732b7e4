// SPDX-License-Identifier: LGPL-2.1-or-later
// Containers with hostile values (lines of
// "VIRTUAL_HOST|VIRTUAL_PORT|address|site|state|NAME=value|NAME=value…") through the whole renderer.
// nginx's text is read by nginx's own rules: with every quoted string blanked, what stands outside is the renderer's
// own words alone, braces are balanced, and every string ends on its line.
#include "proxy-render/plan/planner.h"
#include "proxy-render/render/render.h"
#include "proxy-render/render/render_cache.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>

namespace {

using namespace heberg;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view next_field(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  const auto field = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return field;
}

docker::containers containers_of(std::string_view input) {
  docker::containers all;
  while (!input.empty() && all.size() < 50) {
    auto line = next_field(input, '\n');
    docker::container c;
    c.id = std::to_string(1000 + all.size());
    c.name = line.substr(0, 20);
    c.created += std::chrono::seconds(all.size() % 7);
    c.state = docker::container_state::running;
    c.environment.emplace_back("VIRTUAL_HOST", next_field(line, '|'));
    c.environment.emplace_back("VIRTUAL_PORT", next_field(line, '|'));
    const auto address = std::string(next_field(line, '|'));
    c.networks.push_back({.name = "n", .id = {}, .ipv4 = address, .ipv6 = address});
    c.labels["heberg.site"] = next_field(line, '|');
    const auto state = next_field(line, '|');
    c.labels["com.docker.compose.project"] = state;
    if (state == "x") c.state = docker::container_state::exited;
    if (state == "h") c.host_network = true;
    if (state == "i") c.health = docker::health::unhealthy;
    while (!line.empty()) {
      const auto word = next_field(line, '|');
      c.environment.emplace_back(word.substr(0, word.find('=')),
                                 word.substr(std::min(word.find('=') + 1, word.size())));
    }
    all[c.id] = c;
  }
  return all;
}

// The text with each quoted string as Q and each number as N; dies where a string does not end on its line.
std::string skeleton(std::string_view text) {
  std::string bare;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      for (++i; i < text.size() && text[i] != c; ++i) {
        require(text[i] >= 0x20 && text[i] != 0x7f);
        if (text[i] == '\\') ++i;
      }
      require(i < text.size());
      bare += 'Q';
    } else if (c >= '0' && c <= '9') {
      if (bare.empty() || bare.back() != 'N') bare += 'N';
    } else {
      bare += c;
    }
  }
  return bare;
}

// The lines that the renderer writes for a host of each kind.
std::set<std::string, std::less<>> known_lines() {
  std::set<std::string, std::less<>> known;
  const auto learn = [&known](const proxy::vhost& host) {
    const auto text = skeleton(proxy::render_vhost(host, {}));
    for (std::string_view rest = text; !rest.empty();) known.emplace(next_field(rest, '\n'));
  };
  for (int variant = 0; variant < 2 * 5 * 6 * 3; ++variant) {
    proxy::vhost host;
    host.host.text = "x";
    host.limits.keepalive = variant % 2;
    host.limits.balance = static_cast<site::balance>(variant % 3);
    host.server_tokens = variant % 2 == 1;
    auto& part = host.locations.emplace_back();
    part.route.path.kind = static_cast<site::path_kind>(variant % 5);
    part.route.protocol = static_cast<site::protocol>(variant / 10 % 6);
    part.internal = variant % 2 == 1;
    part.service = static_cast<proxy::service>(variant / 60);
    if (part.service == proxy::service::up) part.backends.push_back({"192.0.2.1", 80, "c"});
    learn(host);
    host.maintenance = true;
    learn(host);
  }
  for (const std::uint64_t size : {0ULL, 1ULL, 1ULL << 10, 1ULL << 20, 1ULL << 30}) {
    proxy::vhost host;
    host.host.text = "x";
    host.limits.max_body = size;
    learn(host);
  }
  proxy::vhost away;
  away.host.text = "x.test";
  away.redirect_to = "www.x.test";
  learn(away);
  proxy::vhost plain;
  plain.host.text = "x.test";
  plain.locations.emplace_back().backends.push_back({"192.0.2.1", 80, "c"});
  const auto many =
      skeleton(proxy::render(proxy::vhost_list({std::make_shared<const proxy::vhost>(plain)}), {.many_hosts = 0}));
  for (std::string_view rest = many; !rest.empty();) known.emplace(next_field(rest, '\n'));
  return known;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto known = known_lines();
  const auto plan = proxy::make_plan(containers_of({reinterpret_cast<const char*>(data), size}), {});
  for (const std::size_t many : {std::size_t{0}, std::size_t{1000}}) {
    const auto text = skeleton(proxy::render(plan.vhosts, {.many_hosts = many}));
    int depth = 0;
    for (std::string_view rest = text; !rest.empty();) {
      const auto line = next_field(rest, '\n');
      require(known.contains(line));
      depth += line.ends_with('{') ? 1 : 0;
      depth -= line.ends_with('}') ? 1 : 0;
      require(depth >= 0);
    }
    require(depth == 0);
  }
  return 0;
}
