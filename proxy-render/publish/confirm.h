// SPDX-License-Identifier: LGPL-2.1-or-later
// Does nginx serve the text that it was asked to load? Signal HUP has no answer: where nginx cannot load the new text
// after all (another program has a port, a certificate was removed), it goes on with the old one, silently. So nginx is
// asked for its generation (render/generation.h) after each reload.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace heberg::proxy {

enum class confirmation {
  served,
  stale,     // nginx serves another text
  silent,    // nothing answers there, or it does not see us on its loopback: nginx runs elsewhere, or not at all
  outdated,  // not served yet, and there is another text to be published instead
};

// A reload at ten thousand hosts takes nginx some seconds.
inline constexpr std::chrono::seconds k_confirm_patience{5};

struct generation_port {
  std::uint16_t number = 80;
  bool proxy_protocol = false;  // in use there
};

// Asks until the text is served, or the time is over, or another text is to be published: a text that nginx does not
// load must not delay the one that repairs it. A reload has half a second all the same, so that a stream of changes does
// not cause a storm of reloads. has_news: whether there is another text; empty means never.
[[nodiscard]] boost::asio::awaitable<confirmation> confirm_generation(generation_port port, std::string generation,
                                                                      std::chrono::milliseconds patience,
                                                                      std::function<bool()> has_news);

}  // namespace heberg::proxy
