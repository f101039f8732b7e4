// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/check/proxy_probe.h"

#include "http_probe/http_get.h"

namespace heberg::ctl {

unsigned fetch_status(const settings& settings, const std::string& host, const std::string& target) {
  const auto response = http_probe::get({.port = settings.proxy.http_port,
                                         .proxy_line = settings.proxy.proxy_protocol,
                                         .host = host,
                                         .target = target,
                                         .user_agent = "hebergctl",
                                         .deadline = std::chrono::seconds(5)});
  return response ? response->status : 0;
}

}  // namespace heberg::ctl
