// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/listened_ports.h"

#include <charconv>
#include <system_error>

namespace heberg::proxy {

std::set<std::uint16_t> list_listened_ports(std::string_view text) {
  constexpr std::string_view line = "\n    listen ";
  constexpr std::string_view any_ipv6 = "[::]:";
  std::set<std::uint16_t> ports;
  for (auto at = text.find(line); at != std::string_view::npos; at = text.find(line, at)) {
    at += line.size();
    auto rest = text.substr(at);
    if (rest.starts_with(any_ipv6)) rest.remove_prefix(any_ipv6.size());
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
    if (error == std::errc{} && end != rest.data() + rest.size() && (*end == ';' || *end == ' ')) ports.insert(port);
  }
  return ports;
}

}  // namespace heberg::proxy
