// SPDX-License-Identifier: LGPL-2.1-or-later
// syncd's side of the control socket. Root alone may use it: the socket file is 0600, and each peer's UID comes from
// the kernel (SO_PEERCRED, unix(7)). A peer that sends nothing, or too much, is disconnected after a deadline; at most
// 16 are served at once.
#pragma once

#include "control/protocol.h"

#include <chrono>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace heberg::control {

class server {
 public:
  using handler = std::function<reply(const request&)>;

  // Listens at once; a socket file on which no process listens is replaced. allowed: the one UID that may connect,
  // beside root. Throws std::system_error ("listen on PATH: …"), also where another process listens there.
  server(boost::asio::io_context& io, const std::string& socket_path, handler handle, unsigned allowed_uid = 0);
  ~server();  // stops listening, drops the peers, removes the socket file
  server(const server&) = delete;
  server& operator=(const server&) = delete;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace heberg::control
