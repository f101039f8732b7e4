// SPDX-License-Identifier: LGPL-2.1-or-later
// The owners of the trees below the sites root, as read from the disk; adoptions.h in syncd decides what they mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace heberg::tree {

struct site_owner {
  std::optional<std::uint32_t> www;   // of its www folder; none: there is no such folder
  std::optional<std::uint32_t> mark;  // the group of its top folder, where that is root's; none: root's group
  bool operator==(const site_owner&) const = default;
};

struct name_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>()(name); }
};
using site_owners =
    std::unordered_map<std::string, site_owner, name_hash, std::equal_to<>>;  // by the names of their folders

}  // namespace heberg::tree
