// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/features.h"

#include <array>
#include <charconv>

namespace heberg::proxy {
namespace {

// "nginx version: nginx/1.26.3 (Ubuntu)", "nginx version: openresty/1.27.1.2": missing parts are 0.
std::array<int, 3> parse_version(std::string_view output) {
  std::array<int, 3> version{};
  auto at = output.find("version: ");
  at = at == std::string_view::npos ? at : output.find('/', at);
  if (at == std::string_view::npos) return version;
  const char* digits = output.data() + at + 1;
  const char* const end = output.data() + output.size();
  for (auto& part : version) {
    const auto [after, error] = std::from_chars(digits, end, part);
    if (error != std::errc{} || after == end || *after != '.') break;
    digits = after + 1;
  }
  return version;
}

}  // namespace

nginx_features parse_features(std::string_view version_output) {
  constexpr std::array<int, 3> k_http2_directive = {1, 25, 1};
  return {.http2_directive = parse_version(version_output) >= k_http2_directive,
          .http3 = version_output.find("--with-http_v3_module") != std::string_view::npos};
}

}  // namespace heberg::proxy
