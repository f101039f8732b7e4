// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace heberg::docker {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using stream = beast::basic_stream<asio::generic::stream_protocol>;  // one type for both kinds of socket
using std::chrono::milliseconds;

constexpr auto k_token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t k_buffer_max = 64 << 10;
constexpr std::size_t k_block = 16 << 10;

std::string name_of(const endpoint& engine) {
  if (const auto* u = std::get_if<unix_endpoint>(&engine)) return u->path;
  const auto& t = std::get<tcp_endpoint>(engine);
  return t.host + ":" + std::to_string(t.port);
}

bool is_absent(const endpoint& engine, const error_code& error) {
  return std::holds_alternative<unix_endpoint>(engine) &&
         (error == asio::error::connection_refused || error == boost::system::errc::no_such_file_or_directory);
}

// The engine has closed a kept connection before it saw our request.
bool is_stale(const error_code& error) {
  return error == http::error::end_of_stream || error == asio::error::eof || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe;
}

// A peer that is gone without closing is noticed after a minute; a unix socket's peer cannot go so.
void keep_alive(int fd) noexcept {
  const auto set = [fd](int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
}

}  // namespace

struct connection::impl {
  impl(asio::any_io_executor executor, const endpoint& where) : engine(where), resolver(std::move(executor)) {}

  answer failure(std::string_view operation, const error_code& error) {
    drop();
    return {.problem = std::string(operation) + " " + name_of(engine) + ": " + error.message(),
            .absent = is_absent(engine, error)};
  }

  void drop() noexcept {
    if (socket) socket->close();
    socket.reset();
    buffer.clear();
  }

  // Where to connect to; for a host name, within the timeout.
  asio::awaitable<std::pair<error_code, std::vector<asio::generic::stream_protocol::endpoint>>> resolve(
      milliseconds timeout) {
    using namespace asio::experimental::awaitable_operators;
    std::vector<asio::generic::stream_protocol::endpoint> places;
    if (const auto* u = std::get_if<unix_endpoint>(&engine)) {
      places.emplace_back(asio::local::stream_protocol::endpoint(u->path));
      co_return std::pair{error_code{}, std::move(places)};
    }
    const auto& t = std::get<tcp_endpoint>(engine);
    error_code is_name;
    if (const auto address = asio::ip::make_address(t.host, is_name); !is_name) {
      places.emplace_back(asio::ip::tcp::endpoint(address, t.port));
      co_return std::pair{error_code{}, std::move(places)};
    }
    asio::steady_timer timer(resolver.get_executor(), timeout);
    auto result =
        co_await (resolver.async_resolve(t.host, std::to_string(t.port), k_token) || timer.async_wait(k_token));
    if (result.index() == 1) co_return std::pair{error_code(asio::error::timed_out), std::move(places)};
    auto& [error, found] = std::get<0>(result);
    for (const auto& entry : found) places.emplace_back(entry.endpoint());
    co_return std::pair{error, std::move(places)};
  }

  asio::awaitable<error_code> connect(milliseconds timeout) {
    auto [error, places] = co_await resolve(timeout);
    for (const auto& place : places) {
      if (closed) break;
      socket.emplace(resolver.get_executor());
      socket->expires_after(timeout);
      std::tie(error) = co_await socket->async_connect(place, k_token);
      if (!error) break;
    }
    if (closed) co_return asio::error::operation_aborted;
    if (!error && std::holds_alternative<tcp_endpoint>(engine)) keep_alive(socket->socket().native_handle());
    co_return error;
  }

  asio::awaitable<error_code> send(http::verb verb, std::string_view target, std::string_view body,
                                   milliseconds timeout) {
    http::request<http::string_body> request(verb, {target.data(), target.size()}, 11);
    request.set(http::field::host, "docker");
    request.set(http::field::user_agent, "heberg/" HEBERG_VERSION);
    if (!body.empty()) request.set(http::field::content_type, "application/json");
    if (verb == http::verb::post) request.content_length(body.size());
    request.body() = body;
    socket->expires_after(timeout);
    const auto [error, ignored] = co_await http::async_write(*socket, request, k_token);
    co_return error;
  }

  asio::awaitable<answer> exchange(http::verb verb, std::string target, std::size_t body_max, milliseconds timeout,
                                   std::string body = {}) {
    for (;;) {
      const bool kept = socket.has_value();
      if (!kept) {
        if (const auto error = co_await connect(timeout)) co_return failure("connect to", error);
      }
      auto error = co_await send(verb, target, body, timeout);
      http::response_parser<http::string_body> parser;
      parser.body_limit(body_max);
      if (!error) std::tie(error, std::ignore) = co_await http::async_read(*socket, buffer, parser, k_token);
      if (error && kept && !parser.got_some() && is_stale(error) && !closed) {
        drop();
        continue;
      }
      if (error == http::error::body_limit) error = asio::error::message_size;
      if (error) co_return failure(std::string(http::to_string(verb)) + " " + target + " from", error);
      answer result{.status = parser.get().result_int(), .body = std::move(parser.get().body())};
      if (!parser.keep_alive()) drop();
      co_return result;
    }
  }

  endpoint engine;
  asio::ip::tcp::resolver resolver;
  std::optional<stream> socket;
  beast::flat_buffer buffer{k_buffer_max};
  bool closed = false;

  std::optional<http::response_parser<http::buffer_body>> streaming;
  std::array<char, k_block> block{};
};

connection::connection(asio::any_io_executor executor, const endpoint& engine)
    : impl_(std::make_unique<impl>(std::move(executor), engine)) {}

connection::~connection() = default;

void connection::close() noexcept {
  impl_->closed = true;
  impl_->resolver.cancel();
  if (impl_->socket) impl_->socket->close();
}

asio::awaitable<answer> connection::get(std::string target, std::size_t body_max, milliseconds timeout) {
  co_return co_await impl_->exchange(http::verb::get, std::move(target), body_max, timeout);
}

asio::awaitable<answer> connection::post(std::string target, std::size_t body_max, milliseconds timeout,
                                         std::string body) {
  co_return co_await impl_->exchange(http::verb::post, std::move(target), body_max, timeout, std::move(body));
}

asio::awaitable<answer> connection::erase(std::string target, std::size_t body_max, milliseconds timeout) {
  co_return co_await impl_->exchange(http::verb::delete_, std::move(target), body_max, timeout);
}

asio::awaitable<answer> connection::open_stream(std::string target, milliseconds timeout) {
  auto& c = *impl_;
  if (const auto error = co_await c.connect(timeout)) co_return c.failure("connect to", error);
  if (const auto error = co_await c.send(http::verb::get, target, {}, timeout))
    co_return c.failure("GET /events from", error);
  auto& parser = c.streaming.emplace();
  parser.body_limit(boost::none);
  const auto [error, ignored] = co_await http::async_read_header(*c.socket, c.buffer, parser, k_token);
  if (error) co_return c.failure("GET /events from", error);
  c.socket->expires_never();
  co_return answer{.status = parser.get().result_int()};
}

asio::awaitable<answer> connection::read_stream() {
  auto& c = *impl_;
  auto& parser = *c.streaming;
  if (parser.is_done()) co_return c.failure("events from", asio::error::eof);
  auto& body = parser.get().body();
  body.data = c.block.data();
  body.size = c.block.size();
  body.more = true;
  auto [error, ignored] = co_await http::async_read_some(*c.socket, c.buffer, parser, k_token);
  if (error == http::error::need_buffer) error = {};
  if (error) co_return c.failure("events from", error);
  co_return answer{.status = parser.get().result_int(),
                   .body = std::string(c.block.data(), c.block.size() - body.size)};
}

}  // namespace heberg::docker
