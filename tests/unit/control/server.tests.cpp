// SPDX-License-Identifier: LGPL-2.1-or-later
// Both ends over a real socket: the server on a thread of its own, as in syncd; the blocking client here.
#include "control/server.h"

#include "base/unique_fd.h"
#include "control/client.h"
#include "support/temp_dir.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>

using namespace heberg::control;
using heberg::test::temp_dir;

namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

heberg::unique_fd connect_silently(const std::string& path) {
  const sockaddr_un address = address_of(path);
  heberg::unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

class running_server {
 public:
  explicit running_server(const std::string& path)
      : server_(std::make_unique<server>(
            io_, path,
            [](const request& r) {
              if (r.site == "nobody") return reply{failure::no_such_site, "no site nobody"};
              return reply{failure::none, r.verb + " " + r.site};
            },
            ::getuid())),
        thread_([this] { io_.run(); }) {}
  ~running_server() {
    boost::asio::post(io_, [this] { server_.reset(); });
    thread_.join();  // ends by itself: nothing is left to wait for
  }

 private:
  boost::asio::io_context io_;
  std::unique_ptr<server> server_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a request is answered, one after the other") {
  const temp_dir dir;
  const std::string path = dir / "control.sock";
  const running_server server(path);
  CHECK(call(path, {"lock", "site_1", ""}) == reply{failure::none, "lock site_1"});
  CHECK(call(path, {"lock", "nobody", ""}) == reply{failure::no_such_site, "no site nobody"});
}

TEST_CASE("the socket is for its owner alone, and goes with the server") {
  const temp_dir dir;
  const std::string path = dir / "control.sock";
  {
    const running_server server(path);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("a silent peer does not keep the server from ending") {
  const temp_dir dir;
  const std::string path = dir / "control.sock";
  const auto start = std::chrono::steady_clock::now();
  {
    const running_server server(path);
    const heberg::unique_fd silent = connect_silently(path);
    CHECK(call(path, {"sync", "", ""}).message == "sync ");  // so the silent one was accepted before
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(4));
}

TEST_CASE("a socket that nobody listens on is replaced, one in use is not") {
  const temp_dir dir;
  const std::string path = dir / "control.sock";
  {
    const sockaddr_un address = address_of(path);
    const heberg::unique_fd stale(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(stale.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  const running_server first(path);
  CHECK(call(path, {"sync", "", ""}).message == "sync ");
  boost::asio::io_context io;
  CHECK_THROWS_WITH(server(io, path, [](const request&) { return reply{}; }), Catch::Contains(path));
  CHECK(call(path, {"sync", "", ""}).message == "sync ");
}

TEST_CASE("a call to nobody says whom it wanted") {
  CHECK_THROWS_WITH(call("/nonexistent/control.sock", {"sync", "", ""}),
                    Catch::Contains("connect to /nonexistent/control.sock") && Catch::Contains("No such file"));
}

TEST_CASE("a line that is no request is answered so") {
  const temp_dir dir;
  const std::string path = dir / "control.sock";
  const running_server server(path);
  CHECK(call(path, {"", "", ""}).error == failure::bad_request);
}
