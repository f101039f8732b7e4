// SPDX-License-Identifier: LGPL-2.1-or-later
#include "control/client.h"

#include "base/errors.h"
#include "base/unique_fd.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstring>
#include <stdexcept>
#include <utility>

namespace heberg::control {
namespace {

unique_fd connect_to(const std::string& path, std::chrono::milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw_errno(ENAMETOOLONG, "connect to", path);
  std::memcpy(address.sun_path, path.data(), path.size());

  unique_fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("socket for", path);
  const timeval limit{.tv_sec = timeout.count() / 1000, .tv_usec = (timeout.count() % 1000) * 1000};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw_errno("connect to", path);
  }
  return socket;
}

void send_all(int socket, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) throw_errno("send to", path);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Into one buffer: a growing one would leave copies of a password behind.
std::string receive_line(int socket, const std::string& path) {
  std::string line(k_max_line, '\0');
  std::size_t size = 0;
  while (size < line.size() && line.find('\n') == std::string::npos) {
    const ssize_t got = ::recv(socket, line.data() + size, line.size() - size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("receive from", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  line.resize(size);
  return line;
}

}  // namespace

reply call(const std::string& socket_path, const request& request, std::chrono::milliseconds timeout) {
  const unique_fd socket = connect_to(socket_path, timeout);
  std::string line = encode(request);
  send_all(socket.get(), line, socket_path);
  wipe(line);
  line = receive_line(socket.get(), socket_path);
  auto answer = parse_reply(line);
  wipe(line);
  if (!answer) throw std::runtime_error(socket_path + ": heberg-syncd closed the connection without a reply");
  return std::move(*answer);
}

}  // namespace heberg::control
