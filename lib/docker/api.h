// SPDX-License-Identifier: LGPL-2.1-or-later
// The engine calls that we make, as request targets, and which API version is used. Pure.
#pragma once

#include "docker/parse.h"

#include <string>
#include <string_view>

namespace heberg::docker {

inline constexpr api_version k_api_oldest{1, 25};  // Docker 1.13
inline constexpr api_version k_api_newest{1, 47};  // Docker 27; what we read is the same in all of them

// The newest version that both sides support; a problem that names both ranges where there is none.
[[nodiscard]] parsed<api_version> negotiate(const engine_version& engine);

[[nodiscard]] std::string version_target();
[[nodiscard]] std::string ping_target();
[[nodiscard]] std::string list_target(api_version version);
[[nodiscard]] std::string inspect_target(api_version version, std::string_view id);  // id: is_container_id
[[nodiscard]] std::string image_target(api_version version, std::string_view id);    // id: is_image_id
// The engine sends only what parse_event makes use of: health checks alone would be three more events each.
[[nodiscard]] std::string events_target(api_version version);

}  // namespace heberg::docker
