// SPDX-License-Identifier: LGPL-2.1-or-later
// What is made of the answers on nginx's port. nginx.tests.cpp asks a real one.
#include "proxy-render/publish/confirm.h"

#include "proxy-render/nginx/listened_ports.h"
#include "proxy-render/render/generation.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

using namespace heberg::proxy;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

// Says each answer once, the last one for ever; an empty one is a closed connection.
asio::awaitable<void> serve(tcp::acceptor& acceptor, std::vector<std::string> answers) {
  for (std::size_t i = 0;; ++i) {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    std::string request;
    co_await asio::async_read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n", asio::use_awaitable);
    const auto& answer = answers[std::min(i, answers.size() - 1)];
    co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
  }
}

struct heard {
  confirmation found = confirmation::outdated;
  std::chrono::steady_clock::duration after{};
};

heard hear(std::vector<std::string> answers) {
  asio::io_context io;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  asio::co_spawn(io, serve(acceptor, std::move(answers)), asio::detached);
  heard result;
  const auto begin = std::chrono::steady_clock::now();
  asio::co_spawn(io, confirm_generation({.number = acceptor.local_endpoint().port()}, "new", 800ms, {}),
                 [&](const std::exception_ptr& error, confirmation found) {
                   CHECK_FALSE(error);
                   result = {found, std::chrono::steady_clock::now() - begin};
                   io.stop();
                 });
  io.run();
  return result;
}

}  // namespace

TEST_CASE("who has answered once is stale until the patience ends, though it falls silent") {
  const auto stale = hear({"HTTP/1.1 200 OK\r\n\r\ngeneration old", ""});
  CHECK(stale.found == confirmation::stale);
  CHECK(stale.after >= 800ms);
  CHECK(hear({"HTTP/1.1 200 OK\r\n\r\ngeneration old", "", "HTTP/1.1 200 OK\r\n\r\ngeneration new"}).found ==
        confirmation::served);
  const auto silent = hear({""});
  CHECK(silent.found == confirmation::silent);
  CHECK(silent.after < 800ms);
}

TEST_CASE("an nginx that does not see us on its loopback cannot be asked") {
  const auto text = render_generation("", {});
  const std::string before = "return 503 \"";
  const auto at = text.find(before);
  REQUIRE(at != std::string::npos);
  const auto said = text.substr(at + before.size(), text.find('"', at + before.size()) - at - before.size());
  CHECK(hear({"HTTP/1.1 503 Service Temporarily Unavailable\r\n\r\n" + said}).found == confirmation::silent);
  CHECK(hear({"HTTP/1.1 503 Service Temporarily Unavailable\r\n\r\n"}).found == confirmation::stale);
}

TEST_CASE("the ports that a text has nginx listen on") {
  using ports = std::set<std::uint16_t>;
  CHECK(list_listened_ports("").empty());
  CHECK(list_listened_ports(
            "server {\n    listen 80;\n    listen [::]:81 ssl http2;\n    listen 8080 default_server;\n"
            "    listen unix:/x;\n    listen 127.0.0.1:99;\n    listen 99999;\n  # listen 7;\n    listen 5") ==
        ports{80, 81, 8080});
}
