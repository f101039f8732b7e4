// SPDX-License-Identifier: LGPL-2.1-or-later
// CRC-32 as zlib, gzip and crc32(1) compute it (IEEE 802.3, reflected). It finds every flipped byte and every burst of
// up to 32 bits; it is no defence against someone who may write the file: the file's owner and mode are.
#pragma once

#include <cstdint>
#include <string_view>

namespace heberg::directory {

// Goes on from the CRC of what came before; 0 at the start.
[[nodiscard]] std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0) noexcept;

}  // namespace heberg::directory
