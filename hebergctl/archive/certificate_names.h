// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of the sysadmin's certificates serve a site: their names are in its archive, not they themselves, since they
// are the host's and not the site's. Where it comes back, those that are missing are told.
#pragma once

#include "hebergctl/container/container_spec.h"

#include <string>
#include <vector>

namespace heberg::ctl {

// The names, without ".crt", of those in the folder that the site's hosts are served with, as the proxy chooses them
// (docs/proxy.md): the one that CERT_NAME names, else the host's own, else its parent domain's. Sorted.
[[nodiscard]] std::vector<std::string> list_certificates_of(const std::string& folder, const specification& wanted);

// Those that the folder does not have with their keys.
[[nodiscard]] std::vector<std::string> find_missing(const std::string& folder, const std::vector<std::string>& names);

// "a, b"
[[nodiscard]] std::string join_names(const std::vector<std::string>& names);

}  // namespace heberg::ctl
