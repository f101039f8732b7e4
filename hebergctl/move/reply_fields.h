// SPDX-License-Identifier: LGPL-2.1-or-later
// Fields of the other host's JSON, which may be anything. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heberg::ctl {

// Throws where the field is missing or is no number.
[[nodiscard]] std::uint32_t read_number(const std::string& data, const char* key);

[[nodiscard]] bool is_true(const std::string& data, const char* key);

// "missing_certificates": valid names alone.
[[nodiscard]] std::vector<std::string> read_missing_certificates(const std::string& data);

}  // namespace heberg::ctl
