// SPDX-License-Identifier: LGPL-2.1-or-later
// Has nginx load the new text: signal HUP to a process, signal HUP to a container through the engine, or a command
// of the sysadmin's. (`nginx -s reload` reads and checks everything once more before it sends the same signal.)
#pragma once

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace heberg::proxy {

struct by_pid_file {
  std::string path;
};
struct by_container {
  std::string name;
};
struct by_command {
  std::vector<std::string> words;
};
using reload_way = std::variant<by_pid_file, by_container, by_command>;

// "pid:FILE", "container:NAME", "command:COMMAND". Throws std::invalid_argument naming anything else.
[[nodiscard]] reload_way parse_reload(std::string_view text);

enum class reload_status { requested, not_running, failed };

struct reload_result {
  reload_status what = reload_status::failed;
  std::string message;  // why it was not requested
};

// engine: where a container is to be found (settings.docker.host).
[[nodiscard]] boost::asio::awaitable<reload_result> reload_nginx(reload_way way, std::string engine);

}  // namespace heberg::proxy
