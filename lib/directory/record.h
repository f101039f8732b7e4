// SPDX-License-Identifier: LGPL-2.1-or-later
// One cdb record: two lengths, a key, and a value that is sealed: "CRC32 LINE", the CRC over the key, a space and the
// line.
#pragma once

#include <cstdint>
#include <string_view>

namespace heberg::directory {

struct record {
  std::string_view key;
  std::string_view line;
  std::uint32_t size = 0;  // bytes in the file, the lengths included
};

enum class record_state : unsigned char { whole, partial, damaged };

// Reads the record that `bytes` begins with; `out` then points into them. partial: it goes on behind them; out.size is
// how many bytes it needs, or 0 where even that is unknown.
[[nodiscard]] record_state read_record(std::string_view bytes, record& out) noexcept;

// The name in a record's key; empty where the key is none of a name.
[[nodiscard]] std::string_view name_in(std::string_view key) noexcept;

// The CRC that a record with this key and line has.
[[nodiscard]] std::uint32_t seal_of(std::string_view key, std::string_view line) noexcept;

// Eight hex digits (lower case) and nothing else. False for anything else.
[[nodiscard]] bool read_hex(std::string_view digits, std::uint32_t& out) noexcept;

}  // namespace heberg::directory
