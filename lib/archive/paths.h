// SPDX-License-Identifier: LGPL-2.1-or-later
// Which paths an archive may contain. Packing and unpacking use the same rules. Pure. A path here is relative to the
// site's tree, of components other than "", "." and "..", in any bytes; "" is the tree itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heberg::archive {

inline constexpr std::size_t k_path_max = 4096;  // bytes
inline constexpr std::size_t k_depth_max = 128;  // components

[[nodiscard]] bool is_valid_path(std::string_view path) noexcept;

// Whether a symbolic link at this path with this target stays in the tree, by its text alone. An absolute target does
// not.
[[nodiscard]] bool stays_inside(std::string_view path, std::string_view target) noexcept;

[[nodiscard]] std::string parent_of(std::string_view path);
[[nodiscard]] std::string name_of(std::string_view path);

// Any bytes as printable ASCII without blanks, and back; decode_path() returns "" for invalid text.
[[nodiscard]] std::string encode_path(std::string_view path);
[[nodiscard]] std::string decode_path(std::string_view text);

}  // namespace heberg::archive
