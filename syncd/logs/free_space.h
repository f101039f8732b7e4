// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether the disk of the sites has room for their lines: below a share of it that is free, they wait or are lost, so
// that databases, mail and syncd's own log still have some.
#pragma once

#include <cstdint>
#include <string>

namespace heberg::syncd {

// Why no line of a site may be written, as a sentence; empty: it may. At 0 per cent it always may. Pure.
[[nodiscard]] std::string explain_no_room(std::uint64_t free_blocks, std::uint64_t blocks, std::uint32_t min_free);

// The same of the disk that an open folder is on. A disk that cannot be asked has room.
[[nodiscard]] std::string explain_no_room(int folder, std::uint32_t min_free);

}  // namespace heberg::syncd
