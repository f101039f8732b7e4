// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/confirm.h"

#include "proxy-render/render/generation.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <memory>

namespace heberg::proxy {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto k_token = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds k_between{20};
constexpr std::chrono::seconds k_answer{1};
constexpr std::chrono::milliseconds k_news_wait{500};
constexpr std::chrono::milliseconds k_silence{500};  // an nginx that reloads never stops to listen

// What is answered in time; empty: nothing. The timer closes the socket: what is under way ends with an error.
asio::awaitable<std::string> ask(generation_port port) {
  const auto executor = co_await asio::this_coro::executor;
  const auto socket = std::make_shared<tcp::socket>(executor);
  asio::steady_timer timer(executor, k_answer);
  timer.async_wait([socket](const boost::system::error_code& error) {
    boost::system::error_code ignored;
    if (!error) socket->close(ignored);
  });
  const auto [refused] = co_await socket->async_connect({asio::ip::address_v4::loopback(), port.number}, k_token);
  if (refused) co_return std::string();
  const std::string request = std::string(port.proxy_protocol ? "PROXY UNKNOWN\r\n" : "") +
                              std::string("GET / HTTP/1.0\r\nHost: ") + k_generation_host +
                              "\r\nConnection: close\r\n\r\n";
  const auto [unsent, sent] = co_await asio::async_write(*socket, asio::buffer(request), k_token);
  if (unsent || sent < request.size()) co_return std::string();
  std::array<char, 4096> answer{};
  const auto [end, size] = co_await asio::async_read(*socket, asio::buffer(answer), k_token);
  co_return end&& end != asio::error::eof ? std::string() : std::string(answer.data(), size);
}

}  // namespace

asio::awaitable<confirmation> confirm_generation(generation_port port, std::string generation,
                                                 std::chrono::milliseconds patience, std::function<bool()> has_news) {
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  asio::steady_timer pause(co_await asio::this_coro::executor);
  const auto wanted = answer_of_generation(generation);
  bool was_heard = false;  // one question of many may be lost: who has answered is no silent one
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
