// SPDX-License-Identifier: LGPL-2.1-or-later
// Which names and ids a site can have. Asked by every layer (syncd, the directory's writer and reader, and so
// both modules), because each must hold alone: a damaged or hostile directory cannot mint root.
// Plain libc: safe in a plugin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace heberg {

inline constexpr std::size_t k_site_name_max = 32;  // bytes; useradd(8)'s limit, and utmp's
inline constexpr std::uint32_t k_id_min = 1000;     // below: the system's (Debian Policy 9.2.2)
inline constexpr std::uint32_t k_id_nobody = 65534;
inline constexpr std::uint32_t k_id_invalid = 0xffffffff;  // (uid_t)-1, "no change" to chown(2)

// [a-z_][a-z0-9_.-]{0,31}, without "..", not one of Debian's system user or group names.
[[nodiscard]] bool is_site_name(std::string_view name) noexcept;

// A user or group name that Debian's base system or its common packages own (root, www-data, sshd, systemd-network, …).
[[nodiscard]] bool is_system_name(std::string_view name) noexcept;

// An id that a site may have: k_id_min and above, not nobody's, not the invalid one.
[[nodiscard]] constexpr bool is_site_id(std::uint32_t id) noexcept {
  return id >= k_id_min && id != k_id_nobody && id != k_id_invalid;
}

}  // namespace heberg
