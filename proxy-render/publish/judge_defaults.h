// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's files for all hosts are in every host's config, or before it: a fault in one of them would look like
// every host's. So nginx tests them first, in a server of their own: one after the other, each with those that it has
// accepted before. The files of the http level come first: the others may use what these define.
#pragma once

#include "proxy-render/nginx/config_test.h"
#include "proxy-render/plan/vhosts.h"
#include "proxy-render/render/render_options.h"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <vector>

namespace heberg::proxy {

using config_tester = std::function<boost::asio::awaitable<config_test_result>(std::string text, test_scope)>;

struct judged_defaults {
  default_files accepted;
  std::vector<file_fault> refused;
  std::string foreign_fault = {};  // nginx refuses its own configuration: these were tested without it
};

[[nodiscard]] boost::asio::awaitable<judged_defaults> judge_defaults(default_files wanted, render_options options,
                                                                     config_tester ask);

}  // namespace heberg::proxy
