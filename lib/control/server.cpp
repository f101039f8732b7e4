// SPDX-License-Identifier: LGPL-2.1-or-later
#include "control/server.h"

#include "base/errors.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <set>

namespace heberg::control {
namespace asio = boost::asio;
using local = asio::local::stream_protocol;

namespace {

using namespace asio::experimental::awaitable_operators;

constexpr auto k_peer_deadline = std::chrono::seconds(5);
constexpr std::size_t k_max_peers = 16;
constexpr auto k_awaitable = asio::as_tuple(asio::use_awaitable);

bool is_peer_allowed(local::socket& socket, unsigned allowed_uid) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == allowed_uid;
}

struct wiped_line {
  wiped_line() = default;
  explicit wiped_line(std::string line) : text(std::move(line)) {}
  wiped_line(const wiped_line&) = delete;
  wiped_line& operator=(const wiped_line&) = delete;
  ~wiped_line() { wipe(text); }
  std::string text;
};

local::acceptor listen_on(asio::io_context& io, const std::string& path) {
  const local::endpoint endpoint(path);
  boost::system::error_code error;
  local::socket probe(io);
  probe.connect(endpoint, error);
  if (!error) throw_errno(EADDRINUSE, "listen on", path);
  ::unlink(path.c_str());

  local::acceptor acceptor(io);
  acceptor.open(local());
  const mode_t before = ::umask(0177);  // bind(2) makes the file: never for a moment open to others
  acceptor.bind(endpoint, error);
  ::umask(before);
  if (!error) acceptor.listen(static_cast<int>(k_max_peers), error);
  if (error) throw_errno(error.value(), "listen on", path);
  return acceptor;
}

}  // namespace

struct server::impl : std::enable_shared_from_this<impl> {
  impl(asio::io_context& io, std::string socket_path, handler handle, unsigned uid)
      : context(io),
        path(std::move(socket_path)),
        answer(std::move(handle)),
        allowed_uid(uid),
        acceptor(listen_on(io, path)) {}

  // Every await in here ends: by the peer's deadline, or by close().
  asio::awaitable<void> hear(local::socket socket) {
    asio::steady_timer deadline(context, k_peer_deadline);
    peers.insert(&socket);
    co_await (converse(socket) || deadline.async_wait(k_awaitable));
    peers.erase(&socket);
  }

  // The lines may hold a password: they are wiped.
  asio::awaitable<void> converse(local::socket& socket) {
    wiped_line line;
    line.text.reserve(k_max_line);  // one buffer: growing would leave copies behind
    const auto [error, size] =
        co_await asio::async_read_until(socket, asio::dynamic_buffer(line.text, k_max_line), '\n', k_awaitable);
    if (error) co_return;
    const wiped_line result{answer_line(std::string_view(line.text).substr(0, size))};
    co_await asio::async_write(socket, asio::buffer(result.text), k_awaitable);
  }

  std::string answer_line(std::string_view line) {
    const auto request = parse_request(line);
    return encode(request ? answer(*request) : reply{failure::bad_request, "not a request"});
  }

  asio::awaitable<void> accept_peers(std::shared_ptr<impl> self) {
    while (acceptor.is_open()) {
      auto [error, socket] = co_await acceptor.async_accept(k_awaitable);
      if (error == asio::error::operation_aborted) co_return;
      if (error) {  // out of descriptors, say: a pause instead of a busy loop
        asio::steady_timer pause(context, std::chrono::milliseconds(100));
        co_await pause.async_wait(k_awaitable);
        continue;
      }
      if (peers.size() >= k_max_peers || !is_peer_allowed(socket, allowed_uid)) continue;
      asio::co_spawn(context, hear(std::move(socket)), [self](const std::exception_ptr& thrown) {
        if (thrown) std::rethrow_exception(thrown);
      });
    }
  }

  void close() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    for (local::socket* peer : peers) peer->cancel(ignored);
    ::unlink(path.c_str());
  }

  asio::io_context& context;
  std::string path;
  handler answer;
  unsigned allowed_uid;
  local::acceptor acceptor;
  std::set<local::socket*> peers;  // each lives in the frame of its hear()
};

server::server(asio::io_context& io, const std::string& socket_path, handler handle, unsigned allowed_uid)
    : impl_(std::make_shared<impl>(io, socket_path, std::move(handle), allowed_uid)) {
  asio::co_spawn(io, impl_->accept_peers(impl_), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
}

server::~server() {
  impl_->close();
}

}  // namespace heberg::control
