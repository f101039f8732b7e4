// SPDX-License-Identifier: LGPL-2.1-or-later
// Whatever a site answers through nginx: the input is sent as the answer to a real request on the loopback, cut in two
// after as many bytes as its first byte says. What is returned is a status that HTTP has and a body within its limit,
// and its text is part of what was sent.
#include "base/unique_fd.h"
#include "http_probe/http_get.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace {

using namespace heberg;

constexpr std::size_t k_body_max = 300;

void require(bool holds) {
  if (!holds) std::abort();
}

// Answers each connection with the text, and closes it.
class answering_server {
 public:
  answering_server() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const general = reinterpret_cast<sockaddr*>(&address);
    require(listener_ && ::bind(listener_.get(), general, size) == 0 && ::listen(listener_.get(), 16) == 0);
    require(::getsockname(listener_.get(), general, &size) == 0);
    port_ = ntohs(address.sin_port);
    std::thread([this] { serve(); }).detach();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  void set(std::string_view text, std::size_t cut) {
    const std::lock_guard lock(mutex_);
    text_ = text;
    cut_ = std::min(cut, text.size());
  }

 private:
  void serve() {
    for (;;) {
      const unique_fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      require(static_cast<bool>(peer));
      char request[4096];
      if (::recv(peer.get(), request, sizeof request, 0) <= 0) continue;
      const std::lock_guard lock(mutex_);
      (void)::send(peer.get(), text_.data(), cut_, MSG_NOSIGNAL);
      (void)::send(peer.get(), text_.data() + cut_, text_.size() - cut_, MSG_NOSIGNAL);
      ::shutdown(peer.get(), SHUT_WR);
      while (::recv(peer.get(), request, sizeof request, 0) > 0) {
      }  // the client closes first
    }
  }

  unique_fd listener_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::string text_;
  std::size_t cut_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto& server = *new answering_server;  // its thread runs until the process ends
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  server.set(text, data[0]);
  const auto begin = std::chrono::steady_clock::now();
  const auto got = http_probe::get({.port = server.port(),
                                    .proxy_line = (data[0] & 1) != 0,
                                    .host = "site_1.test",
                                    .body_max = (data[0] & 2) != 0 ? k_body_max : 0,
                                    .deadline = std::chrono::seconds(2)});
  require(std::chrono::steady_clock::now() - begin < std::chrono::seconds(4));
  if (!got) return 0;
  require(got->status < 1000 && got->body.size() <= ((data[0] & 2) != 0 ? k_body_max : 0));
  require(text.find("HTTP/1.") != std::string_view::npos);
  // A body without chunks is a piece of the text; with them, each of its bytes is one of the text's.
  require(std::ranges::all_of(got->body, [&](char c) { return text.find(c) != std::string_view::npos; }));
  return 0;
}
