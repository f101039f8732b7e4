// SPDX-License-Identifier: LGPL-2.1-or-later
// Sends a signal to a container through the engine. This header brings Asio with it: only a coroutine can use it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>

namespace heberg::docker {

enum class delivery {
  delivered,
  not_running,  // the engine knows no such container, or it does not run
  failed,
};

struct signal_result {
  delivery what = delivery::failed;
  std::string message;  // why not
};

// host as in watch_options; container: a name or an id, of letters, digits, "_", "." and "-" alone; signal: "HUP".
// Throws std::invalid_argument for an invalid host, as watcher does.
[[nodiscard]] boost::asio::awaitable<signal_result> send_signal(std::string host, std::string container,
                                                                std::string signal, std::chrono::milliseconds timeout);

}  // namespace heberg::docker
