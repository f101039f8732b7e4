// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "http_probe/http_get.h"

#include <boost/asio/awaitable.hpp>

namespace heberg::http_probe {

// http_get.h's get(), beside the loop.
[[nodiscard]] boost::asio::awaitable<std::optional<get_response>> get_async(get_request request);

}  // namespace heberg::http_probe
