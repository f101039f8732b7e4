// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/site_name.h"

#include "base/names.h"

namespace heberg::ctl {

std::string explain_invalid_name(std::string_view name) {
  const auto start = "invalid site name \"" + std::string(name) + "\": ";
  if (is_system_name(name)) return start + "Debian uses it for a system user or group: choose another name";
  if (name.find("..") != std::string_view::npos) return start + "\"..\" is not allowed";
  return start + "use 1 to 32 of a-z 0-9 _ . -, starting with a letter or _";
}

}  // namespace heberg::ctl
