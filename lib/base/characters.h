// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace heberg {

// ASCII's: such a byte ends a line, or moves a terminal's cursor, wherever it gets to.
[[nodiscard]] constexpr bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace heberg
