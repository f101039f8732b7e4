// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render/generation.h"

#include "digest/sha256.h"

namespace heberg::proxy {
namespace {

constexpr std::string_view k_before = "        return 200 \"generation ";
constexpr std::size_t k_size = 32;

}  // namespace

std::string render_generation(std::string_view text, const render_options& options) {
  const auto generation = to_hex(sha256_of(text)).substr(0, k_size);
  const auto port = std::to_string(options.http_port) + (options.downstream.proxy_protocol ? " proxy_protocol" : "");
  std::string server = "\nserver {\n    listen " + port + ";\n";
  if (options.ipv6) server += "    listen [::]:" + port + ";\n";
  return server.append("    server_name ")
      .append(k_generation_host)
      .append(";\n    access_log off;\n    location / {\n        if ($remote_addr != 127.0.0.1) {\n")
      .append("            return 503 \"")
      .append(k_not_loopback)
      .append("\";\n        }\n        default_type text/plain;\n")
      .append(k_before)
      .append(generation)
      .append("\";\n    }\n}\n");
}

std::string generation_of(std::string_view text) {
  const auto at = text.find(k_before);
  if (at == std::string_view::npos) return {};
  return std::string(text.substr(at + k_before.size(), k_size));
}

std::string answer_of_generation(std::string_view generation) {
  return std::string("generation ").append(generation);
}

}  // namespace heberg::proxy
