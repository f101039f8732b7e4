// SPDX-License-Identifier: LGPL-2.1-or-later
// --check: what would nginx say to the text of a plan? Changes nothing.
#pragma once

#include "proxy-render/nginx.h"
#include "proxy-render/vhosts.h"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

namespace heberg::proxy {

// What is wrong, a line each; empty where nginx takes it all.
[[nodiscard]] boost::asio::awaitable<std::vector<std::string>> find_faults(std::shared_ptr<const plan> plan,
                                                                           render_options options, nginx_options nginx);

}  // namespace heberg::proxy
