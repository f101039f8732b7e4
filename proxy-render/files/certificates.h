// SPDX-License-Identifier: LGPL-2.1-or-later
// The folder of the sysadmin's certificates, NAME.crt with NAME.key beside it, and which of them a host name gets.
#pragma once

#include "site/hosts.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace heberg::proxy {

// By name: a text that changes when the certificate or its key does.
using certificates = std::map<std::string, std::string>;

// Empty where there is no such folder. Throws std::system_error where it cannot be read.
[[nodiscard]] certificates list_certificates(const std::string& folder);

// What changes when the certificate NAME or its key does; nothing where one of them is missing.
[[nodiscard]] std::optional<std::string> stamp_of_certificate(const std::string& folder, const std::string& name);

// nginx-proxy's order: the one that is wanted by name (and no other); the host's own; its parent domain's, where the
// host has more than two labels (wildcards have a parent, too); "default". Nothing where there is none. Pure.
[[nodiscard]] std::optional<std::string> choose_certificate(const certificates& all, const site::host& host,
                                                            const std::string& wanted);

// When each of them expires, by name. One that cannot be read has no date.
using certificate_ends = std::map<std::string, std::optional<std::chrono::sys_seconds>>;
[[nodiscard]] certificate_ends list_ends(const std::string& folder);

// A sentence for each that has expired, or expires within 14 days, or cannot be read. Pure.
[[nodiscard]] std::vector<std::string> explain_ends(const certificate_ends& ends, std::chrono::sys_seconds now);

}  // namespace heberg::proxy
