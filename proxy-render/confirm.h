// SPDX-License-Identifier: LGPL-2.1-or-later
// Does nginx serve the text that it was told of? Signal HUP says nothing of what became of it: where the new text
// cannot be taken after all (a port that another program has, a certificate that went), nginx goes on with the old one,
// in silence. So each text tells its own generation, on the loopback alone, under a name that nobody can have (RFC
// 6761), and that is asked for after each reload.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace heberg::proxy {

inline constexpr char k_generation_host[] = "heberg-generation.invalid";

// The server that tells it; what is told follows from the text.
[[nodiscard]] std::string render_generation(std::string_view text, std::uint16_t http_port, bool ipv6);

// What a whole text tells; empty where it tells none.
[[nodiscard]] std::string generation_of(std::string_view text);

enum class confirmation {
  served,
  stale,   // another text is
  silent,  // nobody answers there: nginx is elsewhere, or nowhere
};

// Asks until it is served, or the time is over.
[[nodiscard]] boost::asio::awaitable<confirmation> confirm_generation(std::uint16_t http_port, std::string generation,
                                                                      std::chrono::milliseconds patience);

}  // namespace heberg::proxy
