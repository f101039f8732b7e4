// SPDX-License-Identifier: LGPL-2.1-or-later
// From virtual hosts to nginx's text. Pure, and stable: equal input gives equal bytes. The text is a file of the http
// level, for nginx 1.22 and newer. A host is served in one of two forms (docs/decisions/0020 has the measurements):
//   by blocks of its own, an upstream and a server. They do not depend on other hosts.
//   by a line in a map from names to addresses, and one server for all of them: where there are many hosts, those that
//     have no option of their own. nginx reads thirty times as many of them in the same time.
#pragma once

#include "proxy-render/plan/vhosts.h"
#include "proxy-render/render/host_config.h"
#include "proxy-render/render/render_options.h"

#include <optional>
#include <span>
#include <string>

namespace heberg::proxy {

// The default files alone, in a server that gets no request: for nginx to test them apart from all hosts.
[[nodiscard]] std::string render_defaults_alone(const render_options& options);

// One host's blocks. Its name is its own on both ports: where it is not served (no certificate; https alone; ports of
// its own instead), no other owner's wildcard answers for it, but 503 or no handshake.
[[nodiscard]] std::string render_vhost(const vhost& vhost, const render_options& options);

// Can a line in the map serve it? It has one address and no option that differs from the default.
[[nodiscard]] bool wants_nothing_special(const vhost& vhost);

[[nodiscard]] host_config render_line(const vhost& vhost);
[[nodiscard]] host_config render_blocks(const vhost& vhost, const render_options& options);

// The config of a host that is not to be served: it keeps its name on the usual ports from other owners' wildcards. None
// for a regular expression: nginx may have refused that.
[[nodiscard]] std::optional<host_config> render_closed_name(const vhost& vhost, const vhost_list& all,
                                                            const render_options& options);

[[nodiscard]] bool has_certificate(const vhost_list& vhosts);

// A line for nginx's map; to be found in the text.
[[nodiscard]] std::string map_line(const host_config& host);

// The whole text of some configs.
[[nodiscard]] std::string compose(std::span<const shared_config> hosts, const render_options& options);

}  // namespace heberg::proxy
