// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/layout.h"

#include "base/names.h"

namespace heberg::tree {

std::optional<std::string_view> site_of_leftover(std::string_view name) {
  const auto dot = name.rfind('.');
  if (!name.starts_with('.') || dot == 0) return std::nullopt;
  const auto site = name.substr(1, dot - 1);
  if (!is_site_name(site)) return std::nullopt;
  for (const auto& known : {purged_name(site), archived_name(site), incoming_name(site), restored_name(site)}) {
    if (name == known) return site;
  }
  return std::nullopt;
}

}  // namespace heberg::tree
