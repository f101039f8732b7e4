// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's files for all are in every host's text, or before it: what is wrong in one would look like every
// host's fault. So nginx judges them first, in a server of its own: one after the other, each with those it took
// before. Those of the http level come first: the others may use what these define.
#pragma once

#include "proxy-render/nginx/config_test.h"
#include "proxy-render/plan/vhosts.h"
#include "proxy-render/render/render_options.h"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <vector>

namespace heberg::proxy {

using nginx_asker = std::function<boost::asio::awaitable<verdict>(std::string text, enum scope)>;

struct judged_defaults {
  default_files accepted;
  std::vector<file_fault> refused;
  std::string foreign_fault = {};  // nginx refuses its own configuration: these were judged without it
};

[[nodiscard]] boost::asio::awaitable<judged_defaults> judge_defaults(default_files wanted, render_options options,
                                                                     nginx_asker ask);

}  // namespace heberg::proxy
