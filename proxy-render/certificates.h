// SPDX-License-Identifier: LGPL-2.1-or-later
// The folder of the sysadmin's certificates, NAME.crt with NAME.key beside it, and which of them a host name gets.
#pragma once

#include "site/hosts.h"

#include <map>
#include <optional>
#include <string>

namespace heberg::proxy {

// By name: a text that changes when the certificate or its key does.
using certificates = std::map<std::string, std::string>;

// Empty where there is no such folder. Throws std::system_error where it cannot be read.
[[nodiscard]] certificates list_certificates(const std::string& folder);

// nginx-proxy's order: the one that is asked for by name (and no other); the host's own; its parent domain's, where the
// host has more than two labels (that is a wildcard's too); "default". Nothing where there is none. Pure.
[[nodiscard]] std::optional<std::string> choose_certificate(const certificates& all, const site::host& host,
                                                            const std::string& wanted);

}  // namespace heberg::proxy
