// SPDX-License-Identifier: LGPL-2.1-or-later
// Base64 (RFC 4648), OpenSSL's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace heberg {

// Empty where the text is not base64 in whole, with its padding and nothing else.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);
[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace heberg
