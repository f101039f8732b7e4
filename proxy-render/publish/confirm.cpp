// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/confirm.h"

#include "http_probe/http_get_async.h"
#include "proxy-render/render/generation.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace heberg::proxy {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds k_between{20};
constexpr std::chrono::seconds k_answer{1};
constexpr std::chrono::milliseconds k_news_wait{500};
constexpr std::chrono::milliseconds k_silence{500};  // an nginx that reloads never stops to listen

// The answer's text; empty: none in time.
asio::awaitable<std::string> ask(generation_port port) {
  // Made before the co_await: what GCC 12 compiles frees a temporary in it twice.
  http_probe::get_request request{.port = port.number,
                                  .proxy_line = port.proxy_protocol,
                                  .host = k_generation_host,
                                  .body_max = 4096,
                                  .deadline = k_answer};
  auto response = co_await http_probe::get_async(std::move(request));
  if (!response) co_return std::string();
  // An answer without a text is an answer.
  co_return response->body.empty() ? "status " + std::to_string(response->status) : std::move(response->body);
}

}  // namespace

asio::awaitable<confirmation> confirm_generation(generation_port port, std::string generation,
                                                 std::chrono::milliseconds patience, std::function<bool()> has_news) {
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  asio::steady_timer pause(co_await asio::this_coro::executor);
  const auto wanted = answer_of_generation(generation);
  bool was_heard = false;  // one request of many may be lost: an nginx that has answered is not silent
  for (;;) {
    const auto answer = co_await ask(port);
    if (answer.find(wanted) != std::string::npos) co_return confirmation::served;
    if (answer.find(k_not_loopback) != std::string::npos) co_return confirmation::silent;
    was_heard = was_heard || !answer.empty();
    const auto waited = clock::now() - begin;
    if (waited >= (was_heard ? patience : std::min<clock::duration>(k_silence, patience)))
      co_return was_heard ? confirmation::stale : confirmation::silent;
    if (waited >= k_news_wait && has_news && has_news()) co_return confirmation::outdated;
    pause.expires_after(k_between);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

}  // namespace heberg::proxy
