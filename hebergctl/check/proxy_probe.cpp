// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/check/proxy_probe.h"

#include "base/unique_fd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <charconv>
#include <string_view>

namespace heberg::ctl {
namespace {

constexpr std::string_view k_line = "HTTP/1.1 200";

}  // namespace

unsigned fetch_status(const settings& settings, const std::string& host, const std::string& target) {
  const unique_fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(settings.proxy.http_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 0;
  const std::string request = std::string(settings.proxy.proxy_protocol ? "PROXY UNKNOWN\r\n" : "") + "GET " + target +
                              " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: hebergctl\r\nConnection: close\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return 0;
  char line[k_line.size()];
  if (::recv(socket.get(), line, sizeof line, MSG_WAITALL) != sizeof line) return 0;
  const std::string_view answer(line, sizeof line);
  unsigned status = 0;
  if (answer.starts_with("HTTP/1.")) std::from_chars(answer.data() + 9, answer.data() + answer.size(), status);
  return status;
}

}  // namespace heberg::ctl
