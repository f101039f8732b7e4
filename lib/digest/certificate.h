// SPDX-License-Identifier: LGPL-2.1-or-later
// When a certificate expires; whether a key belongs to it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace heberg {

// notAfter of the first certificate in a PEM text (the server's own, as nginx reads it: RFC 5280, 4.1.2.5). Empty where
// there is none.
[[nodiscard]] std::optional<std::chrono::sys_seconds> certificate_end(std::string_view pem);

// Why a server cannot use these two together, as OpenSSL reports it; empty where it can.
[[nodiscard]] std::string explain_key_pair(std::string_view certificate_pem, std::string_view key_pem);

}  // namespace heberg
