// SPDX-License-Identifier: LGPL-2.1-or-later
// HTTP to an engine over a unix or TCP socket, as coroutines. Internal to lib/docker: this header brings Asio with it,
// and only connection.cpp and watcher.cpp include it. Expected failures are values; each call ends within its timeout.
#pragma once

#include "docker/endpoint.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace heberg::docker {

struct answer {
  std::string problem =
      {};               // why there is no answer: "connect to /var/run/docker.sock: Connection refused"; else empty
  bool absent = false;  // with a problem: nothing listens there
  unsigned status = 0;  // HTTP's
  std::string body = {};
};

class connection {
 public:
  connection(boost::asio::any_io_executor executor, const endpoint& engine);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  // One GET with an answer of at most body_max bytes. Connects where need be. A connection kept from the last call that
  // the engine has closed meanwhile is replaced once.
  boost::asio::awaitable<answer> get(std::string target, std::size_t body_max, std::chrono::milliseconds timeout);

  // One POST, with a body of JSON or without; and one DELETE, likewise.
  boost::asio::awaitable<answer> post(std::string target, std::size_t body_max, std::chrono::milliseconds timeout,
                                      std::string body = {});
  boost::asio::awaitable<answer> erase(std::string target, std::size_t body_max, std::chrono::milliseconds timeout);

  // A GET whose answer never ends: the timeout is for its beginning, `body` is empty where the status is 200.
  boost::asio::awaitable<answer> open_stream(std::string target, std::chrono::milliseconds timeout);

  // The next bytes of that answer, at most 16 KB; no timeout. A problem at its end, too.
  boost::asio::awaitable<answer> read_stream();

  // Ends what is under way; it answers with a problem.
  void close() noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace heberg::docker
