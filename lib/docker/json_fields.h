// SPDX-License-Identifier: LGPL-2.1-or-later
// Fields of an engine's answer, each of which may be missing or of any type. Internal to lib/docker.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace heberg::docker {

// A null value where the object has no such member, or is none.
[[nodiscard]] const nlohmann::json& field(const nlohmann::json& object, const char* key);

// Empty where it is no string.
[[nodiscard]] std::string text(const nlohmann::json& object, const char* key);

[[nodiscard]] bool flag(const nlohmann::json& object, const char* key, bool otherwise);

}  // namespace heberg::docker
