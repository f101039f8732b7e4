// SPDX-License-Identifier: LGPL-2.1-or-later
// Which names an archive may hold: both ends ask, so that what is packed can be unpacked. Pure. A path here is relative
// to the site's tree, of components without "", "." and "..", in any other bytes; "" is the tree itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heberg::archive {

inline constexpr std::size_t k_path_max = 4096;  // bytes
inline constexpr std::size_t k_depth_max = 128;  // components

[[nodiscard]] bool is_sound_path(std::string_view path) noexcept;

// Does a symbolic link at this path, with this target, stay in the tree? By its words alone; absolute targets do not.
[[nodiscard]] bool stays_inside(std::string_view path, std::string_view target) noexcept;

[[nodiscard]] std::string parent_of(std::string_view path);
[[nodiscard]] std::string name_of(std::string_view path);

// Any bytes in printable ASCII without blanks, and back; decode gives "" for what is not such a text.
[[nodiscard]] std::string encode_path(std::string_view path);
[[nodiscard]] std::string decode_path(std::string_view text);

}  // namespace heberg::archive
