// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/confirm.h"

#include "digest/sha256.h"
#include "http_probe/http_get_async.h"

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
constexpr std::string_view k_before = "        return 200 \"generation ";
constexpr std::string_view k_word = "generation ";
// To who is not on nginx's own loopback. A renderer on the host of an nginx in a container comes from a gateway.
constexpr std::string_view k_elsewhere = "heberg: not the loopback";
constexpr std::size_t k_size = 32;

// The answer's text; empty: none in time.
asio::awaitable<std::string> ask(generation_port port) {
  auto response = co_await http_probe::get_async({.port = port.number,
                                                  .proxy_line = port.proxy_protocol,
                                                  .host = k_generation_host,
                                                  .body_max = 4096,
                                                  .deadline = k_answer});
  if (!response) co_return std::string();
  // An answer without a text is an answer.
  co_return response->body.empty() ? "status " + std::to_string(response->status) : std::move(response->body);
}

}  // namespace

std::string render_generation(std::string_view text, const render_options& options) {
  const auto generation = to_hex(sha256_of(text)).substr(0, k_size);
  const auto port = std::to_string(options.http_port) + (options.downstream.proxy_protocol ? " proxy_protocol" : "");
  std::string server = "\nserver {\n    listen " + port + ";\n";
  if (options.ipv6) server += "    listen [::]:" + port + ";\n";
  return server.append("    server_name ")
      .append(k_generation_host)
      .append(";\n    access_log off;\n    location / {\n        if ($remote_addr != 127.0.0.1) {\n")
      .append("            return 503 \"")
      .append(k_elsewhere)
      .append("\";\n        }\n        default_type text/plain;\n")
      .append(k_before)
      .append(generation)
      .append("\";\n    }\n}\n");
}

std::string generation_of(std::string_view text) {
  const auto at = text.find(k_before);
  if (at == std::string_view::npos) return {};
  return std::string(text.substr(at + k_before.size(), k_size));
}

asio::awaitable<confirmation> confirm_generation(generation_port port, std::string generation,
                                                 std::chrono::milliseconds patience, std::function<bool()> has_news) {
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  asio::steady_timer pause(co_await asio::this_coro::executor);
  const auto wanted = std::string(k_word) + generation;
  bool was_heard = false;  // one question of many may be lost: who has answered is no silent one
  for (;;) {
    const auto answer = co_await ask(port);
    if (answer.find(wanted) != std::string::npos) co_return confirmation::served;
    if (answer.find(k_elsewhere) != std::string::npos) co_return confirmation::silent;
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
