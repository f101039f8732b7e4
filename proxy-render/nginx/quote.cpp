// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/quote.h"

#include <stdexcept>

namespace heberg::proxy {

std::string quote(std::string_view value) {
  std::string quoted = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) throw std::invalid_argument("a value for nginx holds a control character");
    // nginx takes "\\", "\"", "\t", "\r", "\n" as escapes and leaves other backslashes alone: doubling each is always
    // right.
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted += '"';
}

std::string limit_matching(std::string_view regex) {
  return std::string("(*LIMIT_MATCH=10000)").append(regex);
}

std::string upstream_name(std::string_view host) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name = "heberg-";
  for (const char c : host) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-') {
      name += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      name.append(1, '+').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
  }
  return name;
}

}  // namespace heberg::proxy
