// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/features.h"

#include "proxy-render/render/render.h"
#include "proxy-render/render/render_cache.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace heberg::proxy;

TEST_CASE("an nginx's version and modules say what it can do") {
  const struct {
    const char* says;
    nginx_features can;
  } rows[] = {
      {"nginx version: nginx/1.22.1\nconfigure arguments: --with-http_v2_module --add-dynamic-module=x", {}},
      {"nginx version: nginx/1.25.0\nconfigure arguments: --with-http_v3_module", {.http3 = true}},
      {"nginx version: nginx/1.25.1\nconfigure arguments: --with-http_v2_module", {.http2_directive = true}},
      {"nginx version: nginx/1.26.3 (Ubuntu)\nbuilt with OpenSSL\nconfigure arguments: --with-http_v3_module",
       {.http2_directive = true, .http3 = true}},
      {"nginx version: openresty/1.27.1.2\n", {.http2_directive = true}},
      {"nginx version: nginx/2\n", {.http2_directive = true}},
      {"nginx version: nginx\n", {}},
      {"", {}},
  };
  for (const auto& row : rows) {
    INFO(row.says);
    CHECK(parse_features(row.says) == row.can);
  }
}

TEST_CASE("HTTP/2 is asked for as nginx wants it, and HTTP/3 where it has it, its socket described once") {
  const auto count = [](const std::string& text, std::string_view what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  };
  vhost a, b;
  a.host = {.kind = heberg::site::host_kind::name, .text = "a.test"};
  a.certificate = "a";
  b.host = {.kind = heberg::site::host_kind::name, .text = "b.test"};
  b.certificate = "b";
  const vhost_list both({std::make_shared<const vhost>(a), std::make_shared<const vhost>(b)});
  const auto old = render(both, {});
  CHECK(count(old, "    listen 443 ssl http2") == 3);
  CHECK(count(old, "quic") == 0);
  const auto newer = render(both, {.nginx = {.http2_directive = true, .http3 = true}});
  CHECK(count(newer, "ssl http2") == 0);
  CHECK(count(newer, "    http2 on;\n") == 3);
  CHECK(count(newer, "    listen 443 quic reuseport default_server;\n") == 1);
  CHECK(count(newer, "    listen [::]:443 quic reuseport default_server;\n") == 1);
  CHECK(count(newer, "    listen 443 quic;\n") == 2);
  CHECK(count(newer, "    add_header Alt-Svc \"h3=\\\":443\\\"; ma=86400\" always;\n") == 2);
}
