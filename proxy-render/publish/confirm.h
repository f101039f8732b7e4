// SPDX-License-Identifier: LGPL-2.1-or-later
// Does nginx serve the text that it was told of? Signal HUP says nothing of what became of it: where the new text
// cannot be taken after all (a port that another program has, a certificate that went), nginx goes on with the old one,
// in silence. So nginx is asked for its generation (render/generation.h) after each reload.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace heberg::proxy {

enum class confirmation {
  served,
  stale,     // another text is
  silent,    // nobody answers there, or cannot see that we ask: nginx is elsewhere, or nowhere
  outdated,  // not served yet, and there is news to be published instead
};

// A reload at ten thousand hosts takes nginx some seconds.
inline constexpr std::chrono::seconds k_confirm_patience{5};

struct generation_port {
  std::uint16_t number = 80;
  bool proxy_protocol = false;  // it is spoken there
};

// Asks until it is served, or the time is over, or there is news: a text that nginx does not take keeps nobody waiting
// who would mend it. A reload has half a second all the same, so that a stream of news brings no storm of reloads.
// has_news: empty means never.
[[nodiscard]] boost::asio::awaitable<confirmation> confirm_generation(generation_port port, std::string generation,
                                                                      std::chrono::milliseconds patience,
                                                                      std::function<bool()> has_news);

}  // namespace heberg::proxy
