// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the directory: the two files that syncd publishes for the modules (docs/formats.md). Daemon's side: throws.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>

namespace heberg::directory {

inline constexpr char k_accounts_file[] = "accounts.cdb";  // 0644 root:root
inline constexpr char k_shadow_file[] = "shadow.cdb";      // 0640 root:shadow

struct account {
  std::string name;
  std::uint32_t id = 0;  // UID and GID
  std::string gecos;
  std::string home;
  std::string shell;
  std::string hash = "*";    // crypt(5); "*": password login is off, keys still work
  bool locked = false;       // listed, but no login of any kind: the hash is published with a leading "!" (shadow(5))
  std::int32_t expire = -1;  // the day, counted from 1970, from which on the account has ended (shadow(5)); -1: never
  auto operator<=>(const account&) const = default;
};

struct owners {
  uid_t owner = 0;
  gid_t accounts_group = 0;
  gid_t shadow_group = 0;
};

// Publishes exactly these accounts into the folder `path` (made if missing, 0755). Each file is written new, fsynced
// and renamed, and left alone where its bytes are equal already. shadow.cdb goes first: an account that is in one file
// alone cannot log in. Throws std::invalid_argument naming the account for a name, id or field that no reader would
// accept, or a name or id given twice (nothing is written then), std::system_error where the world is broken (the file
// that was at work is the old one then, whole). Returns true where a file changed.
bool publish(const std::string& path, std::span<const account> accounts, const owners& owners);

}  // namespace heberg::directory
