// SPDX-License-Identifier: LGPL-2.1-or-later
// VIRTUAL_HOST (up to the first newline) and VIRTUAL_PORT (the rest). What is accepted must be canonical and of its
// kind's alphabet; what is refused must come with a printable value and a reason. The whole is read as
// VIRTUAL_HOST_MULTIPORTS, too.
#include "site/hosts.h"
#include "site/multiports.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace heberg;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

void check_refused(const site::refused_value& refused) {
  require(is_printable(refused.value) && refused.value.size() <= 404 && !refused.reason.empty() &&
          is_printable(refused.reason));
}

void check_host(const site::host& host) {
  const auto again = site::parse_host(host.text);
  require(std::holds_alternative<site::host>(again) && std::get<site::host>(again) == host);
  require(is_printable(host.text));
  std::string_view rest = host.text;
  switch (host.kind) {
    case site::host_kind::regex:
      require(rest.starts_with('~') && rest.size() <= site::k_regex_max + 1);
      return;
    case site::host_kind::ipv6:
      require(rest.starts_with('[') && rest.ends_with(']') && rest.size() <= 47);
      return;
    case site::host_kind::leading_wildcard:
      rest.remove_prefix(1);
      break;
    case site::host_kind::trailing_wildcard:
      rest.remove_suffix(1);
      break;
    case site::host_kind::name:
      require(!rest.starts_with('.') && !rest.ends_with('.'));
      break;
  }
  require(!rest.empty() && rest.size() <= site::k_host_max && std::ranges::all_of(rest, is_name_letter));
  require(rest.find("..") == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto newline = input.find('\n');
  docker::container container;
  container.environment.emplace_back("VIRTUAL_HOST", input.substr(0, newline));
  if (newline != std::string_view::npos) container.environment.emplace_back("VIRTUAL_PORT", input.substr(newline + 1));

  const auto hosts = site::virtual_hosts(container);
  if (const auto* refused = std::get_if<site::refused_value>(&hosts)) {
    check_refused(*refused);
  } else {
    const auto& found = std::get<std::vector<site::host>>(hosts);
    require(found.size() <= site::k_hosts_max && std::ranges::is_sorted(found));
    require(std::ranges::adjacent_find(found) == found.end());
    for (const auto& host : found) check_host(host);
  }
  // The whole of it as several names with their paths and ports.
  docker::container several;
  several.environment.emplace_back("VIRTUAL_HOST_MULTIPORTS", input);
  const auto multiports = site::multiports_of(several);
  if (const auto* refused = std::get_if<site::refused_value>(&multiports)) {
    check_refused(*refused);
  } else {
    for (const auto& one : std::get<std::vector<site::multiport>>(multiports)) {
      check_host(one.host);
      require(one.port > 0 && is_printable(site::show(one.route.path)) && is_printable(one.route.destination));
    }
  }

  const auto port = site::virtual_port(container);
  if (const auto* refused = std::get_if<site::refused_value>(&port)) {
    check_refused(*refused);
  } else {
    require(std::get<std::uint16_t>(port) > 0);
  }
  return 0;
}
