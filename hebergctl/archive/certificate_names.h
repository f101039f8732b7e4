// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of the administrator's certificates serve a site. Its archive contains their names only, as the certificates
// belong to the host. A restore reports those that are missing.
#pragma once

#include "hebergctl/container/container_spec.h"

#include <string>
#include <vector>

namespace heberg::ctl {

// The names, without ".crt", of the certificates in the folder that the proxy uses for the site's hosts
// (docs/proxy.md). In this order, the first that exists:
//   1. the one that CERT_NAME names
//   2. the host's own
//   3. its parent domain's
// Sorted.
[[nodiscard]] std::vector<std::string> list_certificates_of(const std::string& folder, const specification& wanted);

// The names for which the folder lacks the certificate or its key.
[[nodiscard]] std::vector<std::string> find_missing(const std::string& folder, const std::vector<std::string>& names);

// "a, b"
[[nodiscard]] std::string join_names(const std::vector<std::string>& names);

}  // namespace heberg::ctl
