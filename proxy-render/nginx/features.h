// SPDX-License-Identifier: LGPL-2.1-or-later
// What the nginx at hand can do. Pure.
#pragma once

#include <string_view>

namespace heberg::proxy {

struct nginx_features {
  bool http2_directive =
      false;           // "http2 on", since 1.25.1; before it was a parameter of "listen", now a deprecated one
  bool http3 = false;  // built with QUIC (since 1.25.0, where the packager chose it)
  auto operator<=>(const nginx_features&) const = default;
};

// From what `nginx -V` prints; an output that is not understood counts as Debian 12's nginx.
[[nodiscard]] nginx_features parse_features(std::string_view version_output);

}  // namespace heberg::proxy
