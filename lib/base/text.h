// SPDX-License-Identifier: LGPL-2.1-or-later
// What string_view offers only in a form that can throw, or that does so in a build without optimisation: a plugin has
// no one to throw with, and links without the library that would do it.
#pragma once

#include <cstddef>
#include <string_view>

namespace heberg {

// The part of a text that the caller knows to be there.
[[nodiscard]] constexpr std::string_view slice(std::string_view text, std::size_t at, std::size_t size) noexcept {
  return {text.data() + at, size};
}

[[nodiscard]] constexpr std::string_view slice(std::string_view text, std::size_t at) noexcept {
  return slice(text, at, text.size() - at);
}

[[nodiscard]] constexpr bool has_prefix(std::string_view text, std::string_view prefix) noexcept {
  return text.size() >= prefix.size() && slice(text, 0, prefix.size()) == prefix;
}

}  // namespace heberg
