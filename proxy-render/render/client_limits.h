// SPDX-License-Identifier: LGPL-2.1-or-later
// What one client may take of what all sites share: connections, temporary files, time. At nginx's http level. Pure.
//
//   client_header_timeout       a connection with half a request goes soon
//   client_body_timeout         a body that stands still, too
//   reset_timedout_connection   and the kernel keeps nothing of it
//   proxy_request_buffering     a body goes to its site as it comes: no disk, and no memory, is shared for it
//   *_max_temp_file_size        an answer likewise
//   limit_conn                  requests of one address at a time (proxy.client_requests)
#pragma once

#include "proxy-render/render/render_options.h"

#include <string>
#include <string_view>
#include <vector>

namespace heberg::proxy {

// The zone, and its limit: under a name of heberg's own, so that nothing of the sysadmin's is in its way.
[[nodiscard]] std::string render_client_zone(const render_options& options);

// The lines of which nginx takes one only: without those that were given up.
[[nodiscard]] std::string render_client_limits(const preamble_lines& lines);

// Those that a text in place does not have.
[[nodiscard]] std::vector<std::string> list_given_up(std::string_view live);

// nginx's message says that the sysadmin's configuration has one of them: it is given up. False: none.
[[nodiscard]] bool give_up_limit(preamble_lines& lines, std::string_view message);

}  // namespace heberg::proxy
