// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs `nginx -t` on a configuration that is not in place yet. Changes nothing that is in place.
#pragma once

#include "proxy-render/nginx/config_test.h"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace heberg::proxy {

struct nginx_options {
  std::vector<std::string> command = {"nginx"};  // with -c and -p where the sysadmin's nginx has them
  std::string live;                              // the file that the candidate replaces in the end; absolute
  std::string version = {};                      // what read_version() found, where it was asked already
};

// Tests the text in the file `candidate` (absolute path). The message names the live files, not their copies.
[[nodiscard]] boost::asio::awaitable<config_test_result> test_config(nginx_options options, std::string candidate,
                                                                     test_scope scope);

// What `nginx -V` prints; empty where it cannot be run.
[[nodiscard]] boost::asio::awaitable<std::string> read_version(nginx_options options);

}  // namespace heberg::proxy
