// SPDX-License-Identifier: LGPL-2.1-or-later
// The fields of a document of others, each of which may be missing or of any type. None of these throws, whatever
// `object` is: a discarded value, an array, a number.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace heberg::json_fields {

// A null value where the object has no such member, or is none.
[[nodiscard]] const nlohmann::json& field(const nlohmann::json& object, const char* key);

// Empty where it is no string.
[[nodiscard]] std::string text(const nlohmann::json& object, const char* key);

[[nodiscard]] bool flag(const nlohmann::json& object, const char* key, bool otherwise);

// Empty where it is no whole number from 0 up.
[[nodiscard]] std::optional<std::uint64_t> number(const nlohmann::json& object, const char* key);

}  // namespace heberg::json_fields
