// SPDX-License-Identifier: LGPL-2.1-or-later
// How a site is served over TLS: HTTPS_METHOD, HSTS, SSL_POLICY, CERT_NAME, with nginx-proxy's meaning. Pure.
#pragma once

#include "site/hosts.h"

#include <string>
#include <variant>

namespace heberg::site {

// Without a certificate a site is served over HTTP only, whatever its method.
enum class https_method {
  redirect,    // HTTP redirects to HTTPS
  noredirect,  // both, without HSTS
  nohttp,      // HTTPS only
  nohttps,     // HTTP only
};

// Mozilla's (https://wiki.mozilla.org/Security/Server_Side_TLS), 5.7.
enum class tls_policy {
  intermediate,  // TLS 1.2 and 1.3
  modern,        // TLS 1.3 only
};

struct tls {
  https_method method = https_method::redirect;
  std::string hsts = "max-age=31536000";  // the header's value; empty: none
  tls_policy policy = tls_policy::intermediate;
  std::string certificate;  // its name in the folder; empty: by the host's name
  bool operator==(const tls&) const = default;
};

[[nodiscard]] std::variant<tls, refused_value> tls_of(const docker::container& container);

}  // namespace heberg::site
