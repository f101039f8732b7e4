// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render/client_limits.h"

#include <algorithm>
#include <array>
#include <utility>

namespace heberg::proxy {
namespace {

// A FastCGI or uwsgi program needs the length of a body before it begins: there requests are buffered.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> k_limits = {{
    {"client_header_timeout", "10s"},
    {"client_body_timeout", "30s"},
    {"reset_timedout_connection", "on"},
    {"limit_conn_status", "429"},
    {"proxy_request_buffering", "off"},
    {"proxy_max_temp_file_size", "0"},
    {"fastcgi_max_temp_file_size", "0"},
    {"uwsgi_max_temp_file_size", "0"},
}};

bool is_given_up(const preamble_lines& lines, std::string_view name) {
  return std::ranges::find(lines.limits_given_up, name) != lines.limits_given_up.end();
}

}  // namespace

std::string render_client_zone(const render_options& options) {
  if (options.client_requests == 0) return {};
  return "limit_conn_zone $binary_remote_addr zone=heberg_clients:10m;\nlimit_conn heberg_clients " +
         std::to_string(options.client_requests) + ";\n";
}

std::string render_client_limits(const preamble_lines& lines) {
  std::string text = "\n";
  for (const auto& [name, value] : k_limits) {
    if (!is_given_up(lines, name)) text.append(name).append(" ").append(value).append(";\n");
  }
  return text;
}

std::vector<std::string> list_given_up(std::string_view live) {
  std::vector<std::string> names;
  for (const auto& [name, value] : k_limits) {
    const auto line = "\n" + std::string(name) + " " + std::string(value) + ";\n";
    if (live.find(line) == std::string_view::npos) names.emplace_back(name);
  }
  return names;
}

bool give_up_limit(preamble_lines& lines, std::string_view message) {
  for (const auto& [name, value] : k_limits) {
    const auto said = "\"" + std::string(name) + "\" directive is duplicate";
    if (is_given_up(lines, name) || message.find(said) == std::string_view::npos) continue;
    lines.limits_given_up.emplace_back(name);
    return true;
  }
  return false;
}

}  // namespace heberg::proxy
