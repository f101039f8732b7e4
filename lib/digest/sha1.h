// SPDX-License-Identifier: LGPL-2.1-or-later
// SHA-1 (OpenSSL's), where others' names are made of it: it keeps no secret and proves nothing.
#pragma once

#include <string>
#include <string_view>

namespace heberg {

// 40 hexadecimal digits.
[[nodiscard]] std::string sha1_hex(std::string_view bytes);

}  // namespace heberg
