// SPDX-License-Identifier: LGPL-2.1-or-later
// A call against a server that keeps what it heard and answers what the test says.
#include "docker/call.h"

#include "base/unique_fd.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <thread>

using namespace heberg;
using Catch::Contains;
using docker::method;

namespace {

class one_answer {
 public:
  one_answer(const std::filesystem::path& path, std::string answer) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.string().size());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket_.get(), 1) == 0);
    thread_ = std::thread([this, answer = std::move(answer)] {
      const unique_fd peer(::accept(socket_.get(), nullptr, nullptr));
      char buffer[4096];
      while (!heard_.ends_with("\r\n\r\n") && !heard_.ends_with("}")) {
        const auto size = ::recv(peer.get(), buffer, sizeof buffer, 0);
        if (size <= 0) return;
        heard_.append(buffer, static_cast<std::size_t>(size));
      }
      (void)::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    });
  }
  ~one_answer() {
    if (thread_.joinable()) thread_.join();
  }
  const std::string& heard() {
    thread_.join();
    return heard_;
  }

 private:
  unique_fd socket_;
  std::string heard_;
  std::thread thread_;
};

std::string host_of(const std::filesystem::path& path) {
  return "unix://" + path.string();
}

}  // namespace

TEST_CASE("a body goes out as JSON with its length, and the engine's answer comes back") {
  const test::temp_dir dir;
  one_answer engine(dir / "docker.sock", "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
  const auto answer =
      docker::call(host_of(dir / "docker.sock"), method::post, "/containers/create?name=a", "{\"x\":1}");
  CHECK(answer.is_good());
  CHECK(answer.body == "{}");
  CHECK_THAT(engine.heard(), Contains("POST /containers/create?name=a HTTP/1.1\r\n") &&
                                 Contains("Content-Length: 7\r\n") && Contains("application/json") &&
                                 Catch::EndsWith("\r\n\r\n{\"x\":1}"));
}

TEST_CASE("a refusal is told in the engine's own words, and one without words by its number") {
  const test::temp_dir dir;
  one_answer engine(dir / "docker.sock",
                    "HTTP/1.1 409 Conflict\r\nContent-Length: 25\r\n\r\n{\"message\":\"name in use\"}\n");
  const auto answer = docker::call(host_of(dir / "docker.sock"), method::erase, "/containers/a");
  CHECK_FALSE(answer.is_good());
  CHECK(answer.reason() == "name in use");
  CHECK_THAT(engine.heard(), Catch::StartsWith("DELETE /containers/a HTTP/1.1\r\n"));
  CHECK(docker::call_answer{.problem = "", .status = 500, .body = "<html>"}.reason() == "the engine answers 500");
}

TEST_CASE("an engine that is not there is a problem that names it") {
  const test::temp_dir dir;
  const auto answer = docker::call(host_of(dir / "none.sock"), method::get, "/containers/a/json");
  CHECK_FALSE(answer.is_good());
  CHECK_THAT(answer.reason(), Contains("none.sock"));
}

TEST_CASE("only what a URL can hold is a container's name") {
  for (const char* name : {"site_1", "a", "Web.2-x"}) CHECK(docker::is_object_name(name));
  for (const char* name : {"", "-a", ".a", "a/b", "a?b", "a b", "a%2f", "\xc3\xa9"})
    CHECK_FALSE(docker::is_object_name(name));
}
