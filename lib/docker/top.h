// SPDX-License-Identifier: LGPL-2.1-or-later
// The processes of a container, as the engine lists them (`docker top`). This header brings Asio with it: only a
// coroutine can use it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::docker {

// The commands of the engine's answer; nothing where it is not one. Pure.
[[nodiscard]] std::optional<std::vector<std::string>> parse_top(std::string_view body);

// Nothing where the engine cannot say: it knows no such container, or has no ps(1). host, container: as in send_signal.
[[nodiscard]] boost::asio::awaitable<std::optional<std::vector<std::string>>> list_processes(
    std::string host, std::string container, std::chrono::milliseconds timeout);

}  // namespace heberg::docker
