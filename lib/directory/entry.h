// SPDX-License-Identifier: LGPL-2.1-or-later
// The lines inside the records, taken apart: a passwd(5) line in accounts.cdb, a shadow(5) line in shadow.cdb. What no
// site can have (base/names.h) is refused here, on every read: a hostile file cannot mint root.
#pragma once

#include <cstdint>
#include <string_view>

namespace heberg::directory {

// "NAME:x:UID:GID:GECOS:HOME:SHELL"; the views point into the line that was parsed.
struct account_entry {
  std::string_view line;
  std::string_view name;
  std::uint32_t id = 0;  // UID and GID
  std::string_view gecos;
  std::string_view home;
  std::string_view shell;
};

// "NAME:HASH:LASTCHG:MIN:MAX:WARN:INACT:EXPIRE:FLAG"; of the numbers only EXPIRE is ever given.
struct shadow_entry {
  std::string_view line;
  std::string_view name;
  std::string_view hash;     // "!…": locked; "*": no password login
  std::int32_t expire = -1;  // the day, counted from 1970, on which the account ends; -1: never

  [[nodiscard]] bool is_locked() const noexcept { return hash.starts_with('!'); }
};

// False where the line is not exactly such a one; out is then unchanged.
[[nodiscard]] bool parse_account(std::string_view line, account_entry& out) noexcept;
[[nodiscard]] bool parse_shadow(std::string_view line, shadow_entry& out) noexcept;

// What may stand between two colons: no colon, no control character.
[[nodiscard]] bool is_field(std::string_view text) noexcept;

}  // namespace heberg::directory
