// SPDX-License-Identifier: LGPL-2.1-or-later
// How many generations of nginx's workers live. Each reload starts one; the one before stays until all that it serves
// has ended.
#pragma once

#include "proxy-render/nginx/reload.h"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace heberg::proxy {

struct worker_count {
  std::size_t serving = 0;  // of the newest generation
  std::size_t old = 0;      // that finish what they serve

  // Rounded up: an old worker that is left alone is one.
  [[nodiscard]] std::size_t generations() const noexcept {
    const auto each = serving == 0 ? 1 : serving;
    return 1 + (old + each - 1) / each;
  }
};

// From the commands of processes, as nginx names them. Pure.
[[nodiscard]] worker_count count_workers(std::span<const std::string> commands);

// nginx's own, found as for a reload: the children of the process of a pid file, or a container's processes. Nothing
// where they cannot be listed, or nginx is reloaded by a command.
[[nodiscard]] boost::asio::awaitable<std::optional<worker_count>> find_workers(reload_way way, std::string engine);

}  // namespace heberg::proxy
