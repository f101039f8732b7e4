// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks nginx itself: would it take this configuration? Changes nothing that is in place.
#pragma once

#include "proxy-render/nginx/config_test.h"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace heberg::proxy {

struct nginx_options {
  std::vector<std::string> command = {"nginx"};  // with -c and -p where the sysadmin's nginx has them
  std::string live;                              // the file that takes the candidate's place in the end; absolute
  std::string version = {};                      // what ask_version() found, where it was asked already
};

// Judges the text in the file `candidate` (absolute path). The message has the names of the live files in it, not of
// the copies.
[[nodiscard]] boost::asio::awaitable<verdict> ask_nginx(nginx_options options, std::string candidate, enum scope scope);

// What `nginx -V` prints; empty where it cannot be asked.
[[nodiscard]] boost::asio::awaitable<std::string> ask_version(nginx_options options);

}  // namespace heberg::proxy
