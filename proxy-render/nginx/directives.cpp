// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/directives.h"

#include <algorithm>
#include <array>

namespace heberg::proxy {
namespace {

// Of the renderer's own lines, those that nginx accepts once in a server or a location.
constexpr std::array<std::string_view, 17> k_replaceable = {
    "client_max_body_size", "default_type",          "error_page",           "fastcgi_connect_timeout",
    "fastcgi_read_timeout", "fastcgi_send_timeout",  "grpc_connect_timeout", "grpc_read_timeout",
    "grpc_send_timeout",    "proxy_connect_timeout", "proxy_http_version",   "proxy_read_timeout",
    "proxy_send_timeout",   "server_tokens",         "ssl_ciphers",          "ssl_prefer_server_ciphers",
    "ssl_protocols"};

}  // namespace

std::set<std::string> find_directives(std::string_view text) {
  std::set<std::string> found;
  std::string word;
  std::size_t depth = 0;
  bool first = true;  // of a statement
  const auto end_word = [&] {
    if (word.empty()) return;
    if (first && depth == 0 && std::ranges::find(k_replaceable, word) != k_replaceable.end()) found.insert(word);
    first = false;
    word.clear();
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\') {
      ++at;
      word += c;
    } else if (word.empty() && c == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (word.empty() && (c == '"' || c == '\'')) {
      for (++at; at < text.size() && text[at] != c; ++at) {
        if (text[at] == '\\') ++at;
      }
      word = c;
    } else if (c == ';' || c == '{' || c == '}') {
      end_word();
      first = true;
      if (c == '{') ++depth;
      if (c == '}' && depth > 0) --depth;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      end_word();
    } else {
      word += c;
    }
  }
  return found;
}

std::string without_directives(std::string_view lines, const std::set<std::string>& directives,
                               std::string_view indent) {
  if (directives.empty()) return std::string(lines);
  std::string kept;
  while (!lines.empty()) {
    const auto line = lines.substr(0, std::min(lines.find('\n'), lines.size() - 1) + 1);
    lines.remove_prefix(line.size());
    std::string word;
    if (line.starts_with(indent)) word = line.substr(indent.size(), line.find(' ', indent.size()) - indent.size());
    if (!directives.contains(word)) kept += line;
  }
  return kept;
}

}  // namespace heberg::proxy
