// SPDX-License-Identifier: LGPL-2.1-or-later
#include "http_probe/http_get.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <thread>
#include <utility>

namespace {

using namespace heberg::http_probe;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

// Answers one request, and closes the connection when the object ends.
class server {
 public:
  explicit server(std::string answer)
      : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}), thread_([this, text = std::move(answer)] {
          acceptor_.accept(socket_);
          asio::read_until(socket_, asio::dynamic_buffer(request_), "\r\n\r\n");
          boost::system::error_code ignored;
          if (!text.empty()) asio::write(socket_, asio::buffer(text), ignored);
          if (!text.empty()) socket_.close(ignored);  // else it says nothing, for as long as it is asked
        }) {}
  ~server() {
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] std::string request() {
    thread_.join();
    return request_;
  }

 private:
  asio::io_context io_;
  tcp::acceptor acceptor_;
  tcp::socket socket_{io_};
  std::string request_;
  std::thread thread_;
};

std::optional<get_response> answer_to(const std::string& text, std::size_t body_max = 100) {
  const server nginx(text);
  return get({.port = nginx.port(), .host = "a.test", .body_max = body_max, .deadline = 5s});
}

}  // namespace

TEST_CASE("a request names its host, its target and who asks") {
  server nginx("HTTP/1.1 204 No Content\r\n\r\n");
  const auto response =
      get({.port = nginx.port(), .host = "a.test", .target = "/x?y", .user_agent = "heberg", .deadline = 5s});
  REQUIRE(response);
  CHECK(response->status == 204);
  const auto request = nginx.request();
  CHECK(request.starts_with("GET /x?y HTTP/1.1\r\n"));
  CHECK(request.find("\r\nHost: a.test\r\n") != std::string::npos);
  CHECK(request.find("\r\nUser-Agent: heberg\r\n") != std::string::npos);
  CHECK(request.find("\r\nConnection: close\r\n") != std::string::npos);
}

TEST_CASE("where the PROXY protocol is spoken, its line comes first") {
  server nginx("HTTP/1.1 200 OK\r\n\r\n");
  CHECK(get({.port = nginx.port(), .proxy_line = true, .host = "a.test", .deadline = 5s}));
  CHECK(nginx.request().starts_with("PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n"));
}

TEST_CASE("a body is read to its end, by its length, in chunks, or until the connection closes, and up to a limit") {
  CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext")->body == "text");
  CHECK(answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntext\r\n0\r\n\r\n")->body == "text");
  CHECK(answer_to("HTTP/1.1 503 No\r\n\r\ntext")->body == "text");
  CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntext")->body == "text");
  CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\ntext", 2)->body == "te");
  CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext", 0)->body.empty());
}

TEST_CASE("a length that no memory has is only a number") {
  for (const char* length : {"999999999999", "18446744073715", "18446744073709551614"}) {
    INFO(length);
    CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: " + std::string(length) + "\r\n\r\ntext", 2)->body == "te");
  }
}

TEST_CASE("what is no HTTP is no answer") {
  CHECK_FALSE(answer_to("text\r\n\r\n"));
  CHECK_FALSE(answer_to("HTTP/1.1 2"));
}

TEST_CASE("where nothing listens there is no answer") {
  asio::io_context io;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  const auto port = acceptor.local_endpoint().port();
  acceptor.close();
  CHECK_FALSE(get({.port = port, .host = "a.test", .deadline = 5s}));
}

TEST_CASE("a server that says nothing is not waited for beyond the deadline") {
  const server silent("");
  CHECK_FALSE(get({.port = silent.port(), .host = "a.test", .deadline = 30ms}));
}
