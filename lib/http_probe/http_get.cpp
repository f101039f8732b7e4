// SPDX-License-Identifier: LGPL-2.1-or-later
#include "http_probe/http_get.h"

#include "http_probe/http_get_async.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/basic_dynamic_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <exception>
#include <string_view>
#include <utility>

namespace heberg::http_probe {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr auto k_token = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t k_header_max = 256U << 10U;  // bytes; a site's cookies may be large
// Not string_body, which allocates as many bytes as the answer's Content-Length says, at once.
using gathered_body = http::basic_dynamic_body<beast::flat_buffer>;
constexpr std::string_view k_proxy_line = "PROXY UNKNOWN\r\n";

}  // namespace

asio::awaitable<std::optional<get_response>> get_async(get_request request) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_after(request.deadline);  // for each operation from here on
  const asio::ip::tcp::endpoint nginx(asio::ip::address_v4::loopback(), request.port);
  if (const auto [error] = co_await stream.async_connect(nginx, k_token); error) co_return std::nullopt;

  if (request.proxy_line) {
    const auto [error, size] = co_await asio::async_write(stream, asio::buffer(k_proxy_line), k_token);
    if (error) co_return std::nullopt;
  }
  http::request<http::empty_body> message(http::verb::get, request.target, 11);
  message.set(http::field::host, request.host);
  message.set(http::field::connection, "close");
  if (!request.user_agent.empty()) message.set(http::field::user_agent, request.user_agent);
  if (const auto [error, size] = co_await http::async_write(stream, message, k_token); error) co_return std::nullopt;

  beast::flat_buffer buffer;
  http::response_parser<gathered_body> parser;
  parser.header_limit(k_header_max);
  parser.body_limit(boost::none);  // ours ends the reading instead, and is no error
  if (const auto [error, size] = co_await http::async_read_header(stream, buffer, parser, k_token); error)
    co_return std::nullopt;
  while (!parser.is_done() && parser.get().body().size() < request.body_max) {
    const auto [error, size] = co_await http::async_read_some(stream, buffer, parser, k_token);
    if (error) break;
  }
  const auto& answer = parser.get();
  const auto body = answer.body().cdata();
  const std::string_view read(static_cast<const char*>(body.data()), body.size());
  co_return get_response{.status = answer.result_int(), .body = std::string(read.substr(0, request.body_max))};
}

std::optional<get_response> get(const get_request& request) {
  asio::io_context io;
  std::optional<get_response> response;
  asio::co_spawn(io, get_async(request), [&response](const std::exception_ptr& error, std::optional<get_response> got) {
    if (error) std::rethrow_exception(error);
    response = std::move(got);
  });
  io.run();
  return response;
}

}  // namespace heberg::http_probe
