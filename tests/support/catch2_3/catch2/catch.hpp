// SPDX-License-Identifier: LGPL-2.1-or-later
// Catch2 2's one header, for a system that has Catch2 3 (Debian 13): the tests are written for the names that both can have.
#pragma once

#include <catch2/catch_all.hpp>

#include <string>

namespace Catch {

using Matchers::EndsWith;
using Matchers::StartsWith;

// In Catch2 3 Matchers::Contains asks a range for an element.
inline auto Contains(const std::string& part, CaseSensitive how = CaseSensitive::Yes) {
  return Matchers::ContainsSubstring(part, how);
}

}  // namespace Catch
